import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROWS } from '../../deploy/grafana/panels.ts';
import { dashboardJson } from '../../deploy/grafana/render.ts';
import { gatewayMetrics, watchMetrics } from '../../docs/reference/served-metrics.ts';

const EXPRESSIONS = ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries));
/** What Prometheus itself adds to every series. */
const ADDED = ['instance', 'le'];

test('deploy/grafana/adtally.json is what the script makes', () => {
  const file = readFileSync(new URL('../../deploy/grafana/adtally.json', import.meta.url), 'utf8');
  expect(file, 'run "node deploy/grafana/render.ts"').toBe(dashboardJson());
});

describe('every expression', () => {
  test.for(EXPRESSIONS)(
    '$expr asks for metrics that are served, by labels that they have',
    async ({ expr, legend }) => {
      const text = `${await gatewayMetrics()}\n${await watchMetrics()}`;
      const names = expr.match(/adtally_\w+/g) ?? [];
      expect(names).not.toEqual([]);
      for (const name of names) {
        const samples = text
          .split('\n')
          .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
        expect(samples, `${name} is not served`).not.toEqual([]);
        const labels = samples.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map((match) => match[1]));
        const asked = [
          ...(/by \(([^)]*)\)/.exec(expr)?.[1] ?? '').matchAll(/\w+/g),
          ...legend.matchAll(/(?<={{)\w+(?=}})/g),
        ];
        for (const [label] of asked)
          expect([...labels, ...ADDED], `${name} has no label ${label}`).toContain(label);
      }
    },
  );

  test('together they show all that watch serves of the cluster', async () => {
    const served = (await watchMetrics()).match(/(?<=^# TYPE )adtally_(?:cluster|watch)_\w+/gm) ?? [];
    const shown = new Set(EXPRESSIONS.flatMap(({ expr }) => expr.match(/adtally_\w+/g) ?? []));
    // The one series an alarm is for alert rules, which name a subject.
    expect(served.filter((name) => !shown.has(name))).toEqual(['adtally_cluster_alarm']);
  });
});
