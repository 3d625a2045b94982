import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assert } from '../../../src/base/assert.ts';
import { DAY_MS, MINUTE_MS } from '../../../src/base/units.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { jobStatus } from '../../../src/cluster/jobs/job-status.ts';
import { minuteOf } from '../../../src/model/event-time.ts';
import { MIDDLE_MS, type Case } from '../jobs/cases.ts';
import { eventCases, pairCases } from '../jobs/event-cases.ts';
import { adMinuteDifferences, orderDifferences } from '../jobs/differences.ts';
import { book, embeddedResults, type Expected } from '../jobs/expected.ts';
import { awaited, JobRig } from '../jobs/job-rig.ts';
import { orderCases } from '../jobs/order-cases.ts';
import { mergedRounds } from '../jobs/sent-steps.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

const RUN = `t${Date.now().toString(36)}`;
const SIDES = ['a', 'b'] as const;

/**
 * The jobs on a real Kafka and Flink, held to the embedded engine: the same input, record by record and verdict by verdict. Needs
 * twelve free slots in Flink.
 */
describe('the jobs of two regions', { timeout: 600_000 }, () => {
  const base = minuteOf(Date.now() - 3 * MINUTE_MS) + MIDDLE_MS;
  const t = (ms: number): number => base + ms;
  const cases: Case[] = [...eventCases(t), ...pairCases(t), ...orderCases(t)];
  let rig: JobRig;
  let expected: Expected;

  beforeAll(async () => {
    rig = new JobRig((await sharedCluster()).addresses, RUN, {});
    await rig.open();
    const applied = await applyJobs(rig.jobs, rig.services);
    assert(applied.length === 6, 'three jobs a region have been started');
    expected = await embeddedResults(cases, base, rig.names, {});
    for (const round of mergedRounds(cases, base)) {
      await rig.send(round);
      await rig.settle();
    }
  }, 600_000);

  afterAll(() => rig.close());

  test.for(SIDES)('ad minutes in the load topic of %s are those of the embedded engine', async (side) => {
    const found = await awaited(
      () => adMinuteDifferences(expected, rig.records(side, 'loadAdMinutes'), t(-3 * DAY_MS)),
      (list) => list.length === 0,
    );
    expect(found).toEqual([]);
    expect(expected.adMinutes.size).toBeGreaterThan(30);
  });

  test.for(SIDES)(
    'attributed orders in the load topic of %s are those of the embedded engine',
    async (side) => {
      const found = await awaited(
        () => orderDifferences(expected, rig.records(side, 'loadAttributedOrders')),
        (list) => list.length === 0,
      );
      expect(found).toEqual([]);
      expect(expected.orders.size).toBeGreaterThan(40);
    },
  );

  test('verdicts are booked as the embedded engine gives them', () => {
    const counted = SIDES.flatMap((side) =>
      rig.books(side).map((one) => {
        const { kind, minute, verdict, code } = one as Record<string, string>;
        return [book(side, kind, Number(minute), verdict, code), one['count']] as const;
      }),
    );
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected.verdicts));
  });

  test('the quarantine holds what was refused, byte for byte', () => {
    const refused = mergedRounds(cases, base)
      .flat()
      .filter(({ kind }) => kind === 'event')
      .map(({ body }) => body);
    const entries = SIDES.flatMap((side) => rig.quarantine(side));
    const wanted = [...expected.verdicts]
      .filter(([key]) => / event \d+ (conflict|late|future|invalid) /.test(key))
      .reduce((sum, [, count]) => sum + count, 0);
    expect(entries).toHaveLength(wanted);
    for (const { raw } of entries) expect(refused).toContain(raw);
  });

  test('one state judges events for all sinks of a job', async () => {
    for (const [kind, states] of [
      ['aggregation', 1],
      ['attribution', 3],
    ] as const) {
      const job = rig.jobs.find((one) => one.region === rig.names.b && one.kind === kind)!;
      const statements = [
        ...job.statements.slice(0, -1),
        `EXPLAIN ${job.statements.at(-1)!.slice('EXECUTE '.length)}`,
      ];
      const { rows } = await rig.services.sql.run(job.settings, statements);
      const plan = rows[0][0]!.split('== Optimized Execution Plan ==')[1];
      expect(plan.match(/OverAggregate\(/g)).toHaveLength(states);
    }
  });

  test('applying again leaves the jobs alone, and all of them are well', async () => {
    const before = await jobStatus(rig.jobs, rig.services.jobManager);
    const applied = await applyJobs(rig.jobs, rig.services);
    expect(applied.map(({ action }) => action)).toEqual(Array.from({ length: 6 }, () => 'left'));
    expect(applied.map(({ jobId }) => jobId)).toEqual(before.map(({ jobId }) => jobId));
    for (const status of before)
      expect(status).toMatchObject({ state: 'RUNNING', isCurrent: true, failure: null });
  });
});
