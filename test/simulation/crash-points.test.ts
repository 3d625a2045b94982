import { expect, test } from 'vitest';
import {
  CHANGING,
  crashAt,
  faultAt,
  RecordingPlan,
  type CrashPoint,
  type DiskFault,
  type DiskOperation,
  type OperationKind,
} from '../../src/simulation/disk/disk-plan.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { NO_HAZARDS, smallSpec, type Death, type WorldPlan } from '../../src/simulation/world-plan.ts';

/**
 * One short life, run again for each operation of its disk: crashed there, or failed there. A crash at an operation that
 * changes nothing leaves what a crash at the one before leaves. `POINT=during:any_mix:17` runs only that one.
 */
const CRASHES: readonly (readonly [crash: CrashPoint, death: Death])[] = [
  ['during', 'any_mix'],
  ['during', 'last_is_torn'],
  ['after', 'nothing_survives'],
  ['after', 'killed'],
];
const NO_SPACE_FOR = new Set<OperationKind>(['make_directory', 'open_write', 'write', 'rename', 'sync']);
const FAULTS: readonly (readonly [fault: DiskFault, hits: (kind: OperationKind) => boolean])[] = [
  ['io_error', (kind) => kind !== 'close'],
  ['no_space', (kind) => NO_SPACE_FOR.has(kind)],
  ['ghost_sync', (kind) => kind === 'sync'],
];
const ONLY = process.env['POINT'];

function shortLife(disk: WorldPlan['disk']): Partial<WorldPlan> {
  return {
    clients: 2,
    requests: 9,
    eventsPerRequestMax: 3,
    ordersShare: 0.3,
    flips: 0,
    spec: { ...smallSpec(), logSegment: 700, snapshotAfter: 1500 },
    disk,
    hazards: { ...NO_HAZARDS, snapshot: 0.1, restart: 0.15, replay: 0.2, answer: 0.3 },
  };
}

/** What the disk does in that life when nothing goes wrong, up to the end of the traffic. */
async function operationsOf(): Promise<DiskOperation[]> {
  const plan = new RecordingPlan();
  await simulate('short life', () => shortLife(plan));
  return plan.operations;
}

/** Whether something went wrong, as it should. */
async function goesWrong(point: string, disk: WorldPlan['disk'], death?: Death): Promise<boolean> {
  if (ONLY !== undefined && ONLY !== point) return true;
  try {
    const report = await simulate('short life', () => ({ ...shortLife(disk), deaths: death && [death] }));
    return report.crashes + report.failures > 0;
  } catch (error) {
    console.error(`reproduce: POINT=${point} npx vitest run test/simulation/crash-points.test.ts`);
    throw error;
  }
}

test('the short life has everything in it', async () => {
  const operations = await operationsOf();
  const count = (kind: OperationKind, path: RegExp): number =>
    operations.filter((operation) => operation.kind === kind && path.test(operation.path)).length;
  expect(count('open_write', /^log/)).toBeGreaterThan(3);
  expect(count('open_write', /^snapshot/)).toBeGreaterThan(2);
  expect(count('remove', /^snapshot/)).toBeGreaterThan(0);
  expect(count('rename', /^MANIFEST/)).toBeGreaterThan(2);
  expect(count('write', /^log/)).toBeGreaterThan(8);
});

test.each(CRASHES)('crashed %s each operation, %s', { timeout: 600_000 }, async (crash, death) => {
  for (const { kind, number } of await operationsOf()) {
    if (!CHANGING.has(kind)) continue;
    expect(await goesWrong(`${crash}:${death}:${number}`, crashAt(number, crash), death)).toBe(true);
  }
});

test.each(FAULTS)('each operation failed once with %s', { timeout: 600_000 }, async (fault, hits) => {
  for (const { kind, number } of await operationsOf()) {
    if (!hits(kind)) continue;
    const wentWrong = await goesWrong(`${fault}:${number}`, faultAt(number, fault));
    // A failed read may cost no more than the one answer it was for.
    expect(wentWrong || !CHANGING.has(kind)).toBe(true);
  }
});
