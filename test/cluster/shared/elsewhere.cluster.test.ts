import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobServices } from '../../../src/cli/cluster/jobs/wished-cluster.ts';
import type { JobServices } from '../../../src/cluster/jobs/apply-jobs.ts';
import { runningVersions } from '../../../src/cluster/jobs/running-jobs.ts';
import { Workplace, type Started } from '../../cli/adtally-process.ts';
import { committedSums } from '../whole/committed-sums.ts';
import { awaited } from '../jobs/job-rig.ts';
import { LocalCluster } from '../servers/local-cluster.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

interface Line {
  readonly event: string;
  readonly subject?: string;
  readonly detail?: string;
}

/** Somebody else's servers: all that is known of them is a file of addresses, in a directory with nothing else. */
describe('a cluster that runs elsewhere', { timeout: 300_000 }, () => {
  const region = `x${Date.now().toString(36)}`;
  const aggregation = `adtally-${region}-aggregation`;
  const place = new Workplace();
  const cluster = new LocalCluster(join(place.folder, 'elsewhere'));
  let services: JobServices;
  let broker = '';
  let checkpoints = '';

  beforeAll(async () => {
    const { addresses } = await sharedCluster();
    broker = Object.values(addresses.regions)[0].kafka;
    const { flink, sqlGateway, warehouse } = addresses;
    services = jobServices(addresses);
    mkdirSync(cluster.directory);
    // Two names of the one broker that there is.
    const servers = { regions: { [region]: { kafka: `${broker},${broker}` } }, flink, sqlGateway, warehouse };
    writeFileSync(join(cluster.directory, 'addresses.json'), JSON.stringify(servers));
  }, 300_000);

  afterAll(async () => {
    await cluster.run('stop-jobs', '--cancel');
    await place.remove();
  }, 120_000);

  async function done(command: string, ...args: string[]): Promise<unknown> {
    const { exit, stdout, stderr } = await cluster.run(command, ...args);
    if (exit !== 0) throw new Error(`${command} ended with ${exit}: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  }

  function startWatch(): Promise<Started<Line>> {
    const quick = ['--metrics-port', '0', '--every', '1'];
    return place.start<Line>(['cluster', 'watch', '--data', cluster.directory, ...quick]);
  }

  test('is planned, applied, fed, watched and audited like one of this machine', async () => {
    const planned = (await done('plan', '--partitions', '3')) as {
      changes: { kind: string; action: string }[];
    };
    expect(new Set(planned.changes.map(({ kind, action }) => `${kind} ${action}`))).toEqual(
      new Set(['topic create', 'job start']),
    );
    await done('apply', '--partitions', '3');
    // Whoever does not say how many partitions leaves them as they are.
    expect(await done('plan')).toEqual({ changes: [] });

    const watch = await startWatch();
    const own = ['--port', '0', '--data', join(place.folder, 'gateway')];
    const gateway = await place.start<{ readonly url: string }>([
      'gateway',
      '--cluster',
      cluster.directory,
      '--regions',
      region,
      ...own,
    ]);
    const { url } = gateway.first;
    const [job] = await runningVersions(services.jobManager, aggregation);
    const traffic = ['--url', url, '--count', '3000', '--rate', '400', '--seed', '11'];
    const sent = place.json<{ due: { kinds: { impression: number; click: number } } }>([
      'generate',
      ...traffic,
    ]);
    await expect
      .poll(async () => (await services.jobManager.checkpoints(job.id)).completed, { timeout: 60_000 })
      .toBeGreaterThan(0);
    await services.jobManager.cancel(job.id);
    const line = await watch.line(({ event, subject }) => event === 'job_started' && subject === aggregation);
    checkpoints = /from file:(.*\/adtally-[^/]*-aggregation)\//.exec(line.detail!)![1];
    const { impression, click } = (await sent).due.kinds;
    const sums = await awaited(
      () => committedSums(broker, region),
      ({ impressions, clicks }) => impressions >= impression && clicks >= click,
    );
    expect(sums).toEqual({ impressions: impression, clicks: click });
    const { findings } = await place.json<{ findings: unknown[] }>(['audit', '--cluster', cluster.directory]);
    expect(findings).toEqual([]);
    watch.signal('SIGTERM');
    expect((await watch.ended).exit).toBe(0);
  });

  test('does not begin anew a job whose checkpoints are not to be seen from here', async () => {
    await done('stop-jobs', '--cancel');
    const away = join(dirname(checkpoints), `${region}-away`);
    renameSync(checkpoints, away);
    const fault = expect.stringContaining(`${aggregation}: it has had checkpoints`);
    const { exit, stdout } = await cluster.run('resume');
    expect([exit, stdout]).toEqual([2, fault]);
    const watch = await startWatch();
    const { subject, detail } = await watch.line(({ event }) => event === 'healing_failed');
    expect([subject, detail]).toEqual(['jobs', fault]);
    watch.signal('SIGTERM');
    await watch.ended;
    renameSync(away, checkpoints);
    expect(await runningVersions(services.jobManager, aggregation)).toEqual([]);
    const { jobs } = (await done('resume')) as { jobs: { name: string; action: string }[] };
    expect(new Set(jobs.map(({ action }) => action))).toEqual(new Set(['resumed']));
  });
});
