import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../../src/base/units.ts';
import {
  addPartition,
  createTouchTable,
  dayOfPartition,
  dropPartition,
  partitionOf,
} from '../../../src/cluster/touches/touch-table.ts';
import { planTouches, touchesKeptMs, type TouchStep } from '../../../src/cluster/touches/touch-plan.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const KEPT_MS = 2 * DAY_MS;
const told = (steps: readonly TouchStep[]): string[] => steps.map(({ action, name }) => `${action} ${name}`);

test('a new table gets a partition for every day that is kept, today and tomorrow', () => {
  expect(told(planTouches(undefined, KEPT_MS, NOON))).toEqual([
    'create touches',
    'add day touches_20260129',
    'add day touches_20260130',
    'add day touches_20260131',
    'add day touches_20260201',
  ]);
});

test('a day later one comes and one goes; a second time nothing does', () => {
  const days = [
    'touches_20260129',
    'touches_20260130',
    'touches_20260131',
    'touches_20260201',
    'touches_rest',
  ];
  expect(planTouches(days, KEPT_MS, NOON)).toEqual([]);
  expect(told(planTouches(days, KEPT_MS, NOON + DAY_MS))).toEqual([
    'add day touches_20260202',
    'drop day touches_20260129',
  ]);
});

test('what has another name is nobody’s to drop', () => {
  const others = [
    'touches_rest',
    'touches_2026',
    'touches_20261301',
    'touches_20260101; DROP TABLE x',
    'touches',
  ];
  expect(others.map(dayOfPartition)).toEqual(others.map(() => undefined));
  expect(told(planTouches(others, KEPT_MS, NOON)).filter((step) => step.startsWith('drop'))).toEqual([]);
  expect(dayOfPartition(partitionOf(NOON))).toBe(NOON - 12 * HOUR_MS);
});

test('touches are kept for the longest window and as long as an order may come late', () => {
  const attribution = { clickWindow: '6d', viewWindow: '1d', maxOrderAge: '36h' } as const;
  expect(touchesKeptMs(resolveSpec({ attribution }, { environment: {}, flags: {} }))).toBe(7.5 * DAY_MS);
});

test('the SQL is that of the golden file', async () => {
  const day = NOON - 12 * HOUR_MS;
  const statements = [...createTouchTable(), ...addPartition(day), ...dropPartition(day)];
  await expect(statements.map((statement) => `${statement};\n`).join('\n')).toMatchFileSnapshot(
    'touch-table.sql',
  );
});
