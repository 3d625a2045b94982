import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PostgresDatabase } from '../../../src/adapters/postgres/postgres-database.ts';
import { PostgresTouchTable } from '../../../src/adapters/postgres/touches/touch-table.ts';
import { DAY_MS } from '../../../src/base/units.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { applyTouches } from '../../../src/cluster/touches/touch-plan.ts';
import { JobRig } from '../jobs/job-rig.ts';
import { LoadSteps } from '../jobs/load-steps.ts';
import { isWithoutPostgres } from '../postgres/postgres-server.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

const WAIT = { timeout: 60_000, interval: 500 };
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() & 0x7fffffff);

describe.skipIf(isWithoutPostgres)(`the touches job (seed ${SEED})`, { timeout: 400_000 }, () => {
  let rig: JobRig;
  let database: PostgresDatabase;

  beforeAll(async () => {
    const { addresses } = await sharedCluster();
    if (addresses.postgres === undefined) throw new Error('The shared cluster has no PostgreSQL.');
    database = new PostgresDatabase({ url: addresses.postgres, name: 'test', connections: 2 });
    await applyTouches(new PostgresTouchTable(database), 8 * DAY_MS, Date.now());
    rig = new JobRig(addresses, `t${Date.now().toString(36)}`, {}, { hasTouches: true });
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
    await rig.send(new LoadSteps(SEED).next(Date.now(), 1500));
    await rig.settle();
  }, 300_000);

  afterAll(async () => {
    await rig.close();
    await database.close();
  });

  test('has each counted event once, and the same again after a replay', async () => {
    const clean = [...rig.clean('a'), ...rig.clean('b')];
    // The last word of each event in each region.
    const wanted = [
      ...new Map(
        clean.map(({ eventId, region, sign }) => {
          const key = `${eventId as string} ${region as string}`;
          return [key, `${key} ${String(sign === 1)}`];
        }),
      ).values(),
    ].toSorted((x, y) => (x < y ? -1 : 1));
    expect(wanted.length).toBeGreaterThan(100);
    await vi.waitFor(async () => expect(await held()).toEqual(wanted), WAIT);
    const touches = rig.jobs.filter(({ kind }) => kind === 'touches');
    const running = await rig.services.jobManager.jobs();
    const { id } = running.find(({ name, state }) => name.includes('touches') && state === 'RUNNING')!;
    await database.read((sql) => sql`DELETE FROM adtally.touches WHERE region = ${rig.names.a}`);
    await rig.services.jobManager.cancel(id);
    await applyJobs(touches, rig.services, { isReplay: true });
    await vi.waitFor(async () => expect(await held()).toEqual(wanted), WAIT);
  });

  async function held(): Promise<string[]> {
    const rows = await database.read(
      (sql) => sql`
        SELECT event_id || ' ' || region || ' ' || is_counted AS line FROM adtally.touches
        WHERE region = ANY(${Object.values(rig.names)}::text[]) ORDER BY 1 COLLATE "C"`,
    );
    return rows.map((row) => row['line'] as string);
  }
});
