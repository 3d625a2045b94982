import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS } from '../../../src/base/units.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { adMinuteDifferences, orderDifferences } from '../jobs/differences.ts';
import { embeddedResultsOf } from '../jobs/expected.ts';
import { awaited, JobRig } from '../jobs/job-rig.ts';
import { LoadSteps } from '../jobs/load-steps.ts';
import type { SentStep } from '../jobs/sent-steps.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() & 0x7fffffff);
const KILLS = 2;
const BATCHES = 60;
const KILL_EVERY = Math.ceil(BATCHES / (KILLS + 1));
const BATCH = 200;

/** Under load the TaskManager is killed, again and again: every total must be what the embedded engine makes of the same input. */
describe(`a TaskManager that is killed (seed ${SEED})`, { timeout: 900_000 }, () => {
  let rig: JobRig;
  const sent: SentStep[] = [];

  beforeAll(async () => {
    const cluster = await sharedCluster();
    rig = new JobRig(cluster.addresses, `k${Date.now().toString(36)}`, {});
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
    const load = new LoadSteps(SEED);
    let restart: Promise<unknown> = Promise.resolve();
    let kills = 0;
    for (let batch = 0; batch < BATCHES; batch++) {
      if (batch % KILL_EVERY === KILL_EVERY - 1 && kills < KILLS) {
        await restart;
        await cluster.kill('taskmanager');
        restart = cluster.up();
        kills++;
      }
      const steps = load.next(Date.now(), BATCH);
      await rig.send(steps);
      sent.push(...steps);
      await sleep(500);
    }
    await restart;
    await rig.settle();
  }, 900_000);

  afterAll(() => rig.close());

  test('leaves every total and every credit exact, in both regions', async () => {
    const expected = await embeddedResultsOf(sent, rig.names, {});
    for (const side of ['a', 'b'] as const) {
      const minutes = await awaited(
        () => adMinuteDifferences(expected, rig.records(side, 'loadAdMinutes'), Date.now() - 3 * DAY_MS),
        (found) => found.length === 0,
      );
      expect(minutes).toEqual([]);
      const orders = await awaited(
        () => orderDifferences(expected, rig.records(side, 'loadAttributedOrders')),
        (found) => found.length === 0,
      );
      expect(orders).toEqual([]);
    }
    expect(expected.adMinutes.size).toBeGreaterThan(100);
    expect(expected.orders.size).toBeGreaterThan(100);
  });
});
