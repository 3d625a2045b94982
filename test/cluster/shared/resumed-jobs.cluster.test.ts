import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS } from '../../../src/base/units.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import type { RenderedJob } from '../../../src/cluster/render/rendered-job.ts';
import { adMinuteDifferences, orderDifferences } from '../jobs/differences.ts';
import { embeddedResultsOf } from '../jobs/expected.ts';
import { awaited, JobRig } from '../jobs/job-rig.ts';
import { LoadSteps } from '../jobs/load-steps.ts';
import type { SentStep } from '../jobs/sent-steps.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() & 0x7fffffff);
const BATCH = 1500;

/** Jobs that are changed, cancelled, and begun anew: what they knew is known after it, and every total is exact. */
describe(`jobs that go on (seed ${SEED})`, { timeout: 600_000 }, () => {
  let rig: JobRig;
  const load = new LoadSteps(SEED);
  const sent: SentStep[] = [];

  beforeAll(async () => {
    rig = new JobRig((await sharedCluster()).addresses, `r${Date.now().toString(36)}`, {});
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
    await sendMore();
  }, 300_000);

  afterAll(() => rig.close());

  async function sendMore(): Promise<void> {
    const steps = load.next(Date.now(), BATCH);
    await rig.send(steps);
    sent.push(...steps);
    await rig.settle();
  }

  async function differences(): Promise<string[]> {
    const expected = await embeddedResultsOf(sent, rig.names, {});
    const all = (): string[] =>
      (['a', 'b'] as const).flatMap((side) => [
        ...adMinuteDifferences(expected, rig.records(side, 'loadAdMinutes'), Date.now() - 3 * DAY_MS),
        ...orderDifferences(expected, rig.records(side, 'loadAttributedOrders')),
      ]);
    return awaited(all, (found) => found.length === 0);
  }

  async function actions(jobs: readonly RenderedJob[], isReplay = false): Promise<string[]> {
    const applied = await applyJobs(jobs, rig.services, { isReplay });
    return applied.map(({ action }) => action);
  }

  test('from a savepoint, when their rules have changed', async () => {
    // Wider than anything the load holds: every verdict stays as it would have been.
    const changed = rig.jobsWith({ maxClockSkew: '11m' });
    expect(await actions(changed)).toEqual(['replaced', 'replaced', 'left', 'replaced', 'replaced', 'left']);
    await sendMore();
    expect(await differences()).toEqual([]);
  });

  test('from the newest complete checkpoint, when all of them are gone', async () => {
    const running = await rig.services.jobManager.jobs();
    const names = new Set(rig.jobs.map(({ name }) => name));
    const own = running.filter(({ name, state }) => names.has(name.split(' ')[0]) && state === 'RUNNING');
    expect(own).toHaveLength(6);
    for (const { id } of own) await rig.services.jobManager.cancel(id);
    await awaited(
      () => rig.services.jobManager.jobs(),
      (jobs) => jobs.every(({ id, state }) => !own.some((one) => one.id === id) || state === 'CANCELED'),
    );
    const missed = load.next(Date.now(), BATCH);
    await rig.send(missed);
    sent.push(...missed);
    expect(await actions(rig.jobsWith({ maxClockSkew: '11m' }))).toEqual(
      Array.from({ length: 6 }, () => 'resumed'),
    );
    await sendMore();
    expect(await differences()).toEqual([]);
  });

  test('from the beginning of Kafka, when that is asked for', async () => {
    expect(await actions(rig.jobs, true)).toEqual(Array.from({ length: 6 }, () => 'started'));
    await sendMore();
    expect(await differences()).toEqual([]);
  });
});
