import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MINUTE_MS } from '../../../src/base/units.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { minuteOf } from '../../../src/model/event-time.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';
import { deviations } from '../../conformance/compare.ts';
import { configOf, readCases, type ConformanceCase } from '../../conformance/conformance-case.ts';
import { ClusterEngine } from '../conformance/cluster-engine.ts';
import { awaited, JobRig } from '../jobs/job-rig.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

/** Cases are told apart by the minutes in which their events arrive. */
const CASE_MS = 5 * MINUTE_MS;

const cluster = await sharedCluster();
const sides = Object.keys(cluster.addresses.regions).length > 1 ? (['a', 'b'] as const) : (['a'] as const);
const first = minuteOf(Date.now()) - 6 * 60 * MINUTE_MS;
const all = readCases((n) => first + n * CASE_MS);
const chosen = all.filter((one) => sides.length > 1 || !isOfTwoRegions(one));
/** Those of the same settings share the jobs. */
const groups = [...Map.groupBy(chosen, (one) => JSON.stringify(configOf(one)))];
if (chosen.length < all.length) console.warn(leftOut());

/** The cases of test/conformance, which the embedded engine conforms to, on a real Kafka and Flink. */
describe.each(groups)('conformance of the cluster %s', { timeout: 600_000 }, (config, cases) => {
  let engine: ClusterEngine;

  beforeAll(async () => {
    const settings = JSON.parse(config) as PipelineConfig;
    const rig = new JobRig(cluster.addresses, `k${Date.now().toString(36)}`, settings, { sides });
    engine = new ClusterEngine(rig, CASE_MS);
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
    await engine.run(cases);
  }, 600_000);

  afterAll(() => engine.close());

  test.for(cases)('cluster: $title', async ({ clusterHas, ...one }) => {
    const expected = {
      ...one,
      adMinutes: [...one.adMinutes, ...(clusterHas?.adMinutes ?? [])],
      orders: [...one.orders, ...(clusterHas?.orders ?? [])],
    };
    const found = await awaited(
      () => deviations(expected, engine.outcomeOf(one)),
      (faults) => faults.length === 0,
      20_000,
    );
    expect(found).toEqual([]);
  });

  test.runIf(sides.length > 1).for(cases)('cluster: both regions hold the same of $title', async (one) => {
    const same = () => expect(engine.recordsOf(one, 'b')).toEqual(engine.recordsOf(one, 'a'));
    await vi.waitFor(same, { timeout: 20_000, interval: 200 });
  });
});

function isOfTwoRegions({ steps }: ConformanceCase): boolean {
  return steps.some(({ to, hear }) => to === 'b' || hear === true);
}

function leftOut(): string {
  const titles = all.filter((one) => !chosen.includes(one)).map(({ title }) => `  ${title}`);
  return `This cluster has one region; of ${all.length} cases these need two, and are left out:\n${titles.join('\n')}`;
}
