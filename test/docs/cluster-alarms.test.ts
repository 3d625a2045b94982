import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALARMS } from '../../src/cluster/watch/alarm.ts';

const PAGE = readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8');

test('docs/cluster.md lists every alarm, as it is said, and no other', () => {
  const [, section] = PAGE.split('### Alarms\n');
  const rows = [...section.split('\n## ')[0].matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)];
  expect(rows.map(([, code, means]) => [code, means])).toEqual(
    Object.entries(ALARMS).map(([code, { means }]) => [code, means]),
  );
});
