import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../../src/base/units.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import { minuteOf } from '../../../src/model/event-time.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';
import { creditSteps } from '../jobs/credit-steps.ts';
import { creditDifferences } from '../jobs/differences.ts';
import { embeddedResultsOf, type Expected } from '../jobs/expected.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';
import { JobRig, awaited } from '../jobs/job-rig.ts';

const { addresses } = await sharedCluster();
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const CONFIG = {
  attribution: {
    models: ['last_touch', 'first_touch', 'linear', 'time_decay'],
    touchesMax: 4,
    timeDecayHalfLife: '7m',
  },
} as const satisfies PipelineConfig;

/** Credit under every model that the cluster has, held to the embedded engine. */
describe(`credit on a cluster (seed ${SEED})`, () => {
  const base = minuteOf(Date.now()) - 10 * MINUTE_MS;
  let rig: JobRig;
  let expected: Expected;

  beforeAll(async () => {
    rig = new JobRig(addresses, `m${Date.now().toString(36)}`, CONFIG);
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
    const { before, after } = creditSteps(SEED, base);
    expected = await embeddedResultsOf([...before, ...after], rig.names, CONFIG);
    for (const round of [before, after]) {
      await rig.send(round);
      await rig.settle();
    }
  }, 600_000);

  afterAll(() => rig.close());

  test('is the embedded engine’s, to the last micro, in both regions', async () => {
    for (const side of ['a', 'b'] as const) {
      const found = await awaited(
        () => creditDifferences(expected, rig.records(side, 'loadAttributedOrders')),
        (list) => list.length === 0,
        60_000,
      );
      expect(found).toEqual([]);
    }
    const shared = [...expected.orders.values()].filter(
      ({ rank, creditMicros }) => rank > 0 && creditMicros > 0,
    );
    expect(shared.length).toBeGreaterThan(20);
  });

  test('sums to the amount of the order, or to nothing', () => {
    const records = [...rig.records('a', 'loadAttributedOrders').values()] as unknown as AttributedOrder[];
    const byOrder = Map.groupBy(records, ({ orderId, model }) => `${orderId} ${model}`);
    for (const [order, shares] of byOrder) {
      const sum = shares.reduce((total, { creditMicros }) => total + creditMicros, 0);
      const { outcome, orderStatus, amountMicros } = shares.find(({ rank }) => rank === 0)!;
      const isWorth = outcome === 'attributed' && orderStatus !== 'cancelled';
      expect([order, sum]).toEqual([order, isWorth ? amountMicros : 0]);
      expect(new Set(shares.map(({ revision }) => revision)).size).toBe(1);
    }
    expect(byOrder.size).toBe(4 * 60);
  });
});
