import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { watch as watchFolder } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PostgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { PostgresTouchTable } from '../../src/adapters/postgres/touches/touch-table.ts';
import { DAY_MS } from '../../src/base/units.ts';
import { jobServices } from '../../src/cli/cluster/jobs/wished-cluster.ts';
import { readJobWish, writeJobWish } from '../../src/cli/cluster/state/job-wish-file.ts';
import { applyJobs, type JobServices } from '../../src/cluster/jobs/apply-jobs.ts';
import { runningVersions } from '../../src/cluster/jobs/running-jobs.ts';
import type { RenderedJob } from '../../src/cluster/render/rendered-job.ts';
import { dropPartition, partitionOf } from '../../src/cluster/touches/touch-table.ts';
import { topicNamesOf } from '../../src/cluster/topic-names.ts';
import { Workplace, type Ended, type Started } from '../cli/adtally-process.ts';
import { awaited } from './jobs/job-rig.ts';
import { LocalCluster } from './servers/local-cluster.ts';
import { committedBooks, messagesIn } from './whole/committed-books.ts';
import { committedMessages } from './whole/committed-messages.ts';
import { committedSums } from './whole/committed-sums.ts';
import type { Sums } from './whole/pinot-sums.ts';

const RATE = 200;
const OUTAGE_EVENTS = 100 * RATE;
const PATIENCE_MS = 120_000;
const KILLED_TRANSACTOR = join(import.meta.dirname, 'kafka/killed-transactor.ts');
const AGGREGATION = 'adtally-a-aggregation';
/** Kafka looks for transactions that are too old every ten seconds. */
const ABORTED_AFTER_MS = 25_000;
/** Twice what a restart may take before a failed commit is called a loss. */
const SHORT_TIMEOUT_MS = 60_000;

interface Line {
  readonly event: string;
  readonly subject?: string;
  readonly alarm?: string;
  readonly detail?: string;
  readonly metrics?: string;
}

/** What the generator says at its end: what was due. */
interface Sent {
  readonly due: {
    readonly kinds: Readonly<Record<string, number>>;
    readonly verdicts: Readonly<Record<string, number>>;
  };
}

const place = new Workplace();
const cluster = new LocalCluster(join(inject('clusterFolder'), 'watched'));
const data = cluster.directory;

describe('a cluster of one region that is watched', { timeout: 400_000 }, () => {
  let kafka = '';
  let url = '';
  let services: JobServices;
  let watch: Started<Line>;
  let seed = 1;
  /** A partition that was lost before watch began. */
  let lostDay = '';
  const truth = { impressions: 0, clicks: 0, counted: 0 };

  beforeAll(async () => {
    await cluster.up('--regions', 'a', '--port-base', '0', '--without', 'pinot', 'hive');
    await cluster.apply();
    const { addresses } = cluster;
    kafka = addresses.regions['a'].kafka;
    services = jobServices(addresses);
    lostDay = await dropTomorrow(cluster.addresses.postgres!);
    watch = await startWatch();
    const keys = join(place.folder, 'gateway');
    const args = ['--cluster', data, '--regions', 'a', '--port', '0', '--data', keys];
    const gateway = await place.start<{ readonly url: string }>(['gateway', ...args]);
    ({ url } = gateway.first);
  }, 300_000);

  afterAll(async () => {
    watch?.signal('SIGTERM');
    await watch?.ended;
    await place.remove();
    await cluster.run('down', '--purge', '--yes');
  }, 120_000);

  test('a job that is gone goes on from its newest checkpoint, once', async () => {
    const load = generate(3000);
    await sleep(6000);
    const [job] = await runningVersions(services.jobManager, AGGREGATION);
    await services.jobManager.cancel(job.id);
    const line = await watch.line(({ event, subject }) => event === 'job_started' && subject === AGGREGATION);
    expect(line.detail).toMatch(/It goes on from file:.*\/adtally-a-aggregation\/.*chk-\d+/);
    await load;
    expect(await figures()).toEqual(truth);
    expect(await runningVersions(services.jobManager, AGGREGATION)).toHaveLength(1);
    expect(watch.lines.filter(({ event }) => event === 'job_started')).toHaveLength(1);
  });

  test('days that the table of touches lacks are added', async () => {
    const { detail } = await watch.line(({ event }) => event === 'days_changed');
    expect(detail).toContain(`add day ${lostDay}`);
    expect(await cluster.lacks()).toEqual([]);
  });

  test('jobs run with more instances, and count each event once over it', async () => {
    const tooMany = await cluster.run('rescale', '--parallelism', '3');
    expect([tooMany.exit, tooMany.stdout]).toEqual([1, expect.stringContaining('has 2 partitions')]);
    const load = generate(3000);
    await sleep(5000);
    await done('rescale', '--parallelism', '2');
    await load;
    const running = await runningVersions(services.jobManager, AGGREGATION);
    expect(await services.jobManager.parallelism(running[0].id)).toBe(2);
    expect(await figures()).toEqual(truth);
    expect(await cluster.lacks()).toEqual([]);
  });

  test('jobs that were stopped stay so until they are resumed', async () => {
    const stopped = JSON.parse((await done('stop-jobs')).stdout) as { jobs: { savepoint: string }[] };
    expect(stopped.jobs.map(({ savepoint }) => savepoint)).toEqual(
      Array.from({ length: 4 }, () => expect.stringContaining('/savepoints/savepoint-')),
    );
    await generate(500);
    // Longer than a job may be missing.
    await sleep(6000);
    expect(await runningVersions(services.jobManager, AGGREGATION)).toEqual([]);
    await done('resume');
    expect(await figures()).toEqual(truth);
  });

  test('a transaction that hangs is ended when its job is started again, which --repair does', async () => {
    // As a TaskManager leaves it that is gone for good: named by its task, and open for as long as the jobs let theirs be.
    const { clean } = topicNamesOf('a');
    const id = `${AGGREGATION}-clean-0-1000000`;
    const lost = spawn(process.execPath, [KILLED_TRANSACTOR, kafka, clean, id, '900000'], {
      stdio: 'inherit',
    });
    await once(lost, 'exit');
    const repairing = await startWatch('--repair');
    const hung = await repairing.line(isHung);
    expect(hung).toMatchObject({ event: 'alarm', subject: clean, detail: expect.stringContaining(id) });
    const restarted = await repairing.line(({ event }) => event === 'job_restarted');
    expect(restarted).toMatchObject({
      subject: AGGREGATION,
      detail: expect.stringContaining('It goes on from'),
    });
    await repairing.line((line) => isHung(line) && line.event === 'alarm_over');
    repairing.signal('SIGTERM');
    await repairing.ended;
    await generate(500);
    expect(await figures()).toEqual(truth);
  });

  test('a job that goes on raises no alarm of losses, though Flink fails to commit again what was committed', () => {
    expect(watch.lines.filter(({ alarm }) => alarm === 'commits_failed')).toEqual([]);
  });

  test('an outage longer than the transactions last is alarmed, and a replay makes every total exact', async () => {
    const wish = readJobWish(data)!;
    const hasty = wish.jobs.map(withShortTransactions);
    writeJobWish(data, { ...wish, jobs: hasty });
    const refused = await cluster.run('resume');
    expect([refused.exit, refused.stdout]).toEqual([
      2,
      expect.stringContaining('what is in them would be lost'),
    ]);
    await applyJobs(hasty, services);
    const { events } = topicNamesOf('a');
    const messages = await messagesIn(kafka, events);
    // Events come in until after the outage: without them there is nothing to commit.
    const load = generate(OUTAGE_EVENTS);
    // The generator takes its time to start.
    await awaited(
      () => messagesIn(kafka, events),
      (now) => now >= messages + 500,
    );
    const [{ id }] = await runningVersions(services.jobManager, AGGREGATION);
    const checkpoints = (await services.jobManager.setting('execution.checkpointing.dir'))!;
    expect(watch.lines.filter(({ alarm }) => alarm === 'commits_failed')).toEqual([]);
    await dieBeforeCommit(join(fileURLToPath(checkpoints), AGGREGATION, id));
    await watch.line(({ event, subject }) => event === 'server_started' && subject === 'taskmanager');
    const lost = await watch.line(({ event, alarm }) => event === 'alarm' && alarm === 'commits_failed');
    expect(lost.subject).toContain('adtally-a-');
    await load;
    // What a transaction held is missing for good, though the job runs.
    await awaited(verdicts, (counted) => counted >= truth.counted, 60_000);
    const { clean } = topicNamesOf('a');
    expect((await committedMessages(kafka, clean)).length).toBeLessThan(truth.counted);
    expect((await runningVersions(services.jobManager, AGGREGATION))[0].state).toBe('RUNNING');
    const { metrics } = watch.first;
    expect(await (await fetch(metrics!)).text()).toMatch(
      /adtally_cluster_alarms\{alarm="commits_failed"\} [1-9]/,
    );

    await done('apply', '--replay');
    await watch.line(({ event, alarm }) => event === 'alarm_over' && alarm === 'commits_failed');
    expect(await figures()).toEqual(truth);
  });

  function startWatch(...more: readonly string[]): Promise<Started<Line>> {
    const quick = ['--metrics-port', '0', '--every', '1'];
    return place.start<Line>(['cluster', 'watch', '--data', data, ...quick, ...more]);
  }

  async function generate(count: number): Promise<void> {
    const args = [
      '--seed',
      String(seed++),
      '--count',
      String(count),
      '--rate',
      String(RATE),
      '--batch',
      '50',
    ];
    const { due } = await place.json<Sent>(['generate', '--url', url, ...args]);
    truth.impressions += due.kinds['impression'];
    truth.clicks += due.kinds['click'];
    truth.counted += due.verdicts['counted'];
  }

  /** What the jobs have come to, once that is the truth or no more is to be expected. */
  async function figures(): Promise<Sums & { readonly counted: number }> {
    return awaited(
      async () => ({ ...(await committedSums(kafka, 'a')), counted: await verdicts() }),
      (found) => JSON.stringify(found) === JSON.stringify(truth),
      PATIENCE_MS,
    );
  }

  async function verdicts(): Promise<number> {
    return (await committedBooks(kafka, 'a')).verdicts['counted'];
  }
});

function isHung({ alarm }: Line): boolean {
  return alarm === 'transaction_hung';
}

function withShortTransactions(job: RenderedJob): RenderedJob {
  const statements = job.statements.map((statement) =>
    statement.replace(/('properties.transaction.timeout.ms' = )'\d+'/, `$1'${SHORT_TIMEOUT_MS}'`),
  );
  return { ...job, statements };
}

async function done(command: string, ...args: string[]): Promise<Ended> {
  const ended = await cluster.run(command, ...args);
  if (ended.exit !== 0) throw new Error(`${command}: ${ended.stdout}${ended.stderr}`);
  return ended;
}

/**
 * The TaskManager dies between a checkpoint and the commit of what is in it, and is gone for longer than Kafka keeps a
 * transaction. Flink notes in ZooKeeper that a checkpoint is complete before it tells the TaskManager to commit. So ZooKeeper
 * stands still from when a checkpoint has begun until its files are there; then the TaskManager does, which never hears of it.
 */
async function dieBeforeCommit(jobFolder: string): Promise<void> {
  const processes = await cluster.status();
  const send = (signal: NodeJS.Signals, name: string): void => {
    process.kill(processes.find((one) => one.name === name)!.pid!, signal);
  };
  for (let isCaught = false; !isCaught;) {
    const files = join(jobFolder, await nextCheckpoint(jobFolder), '_metadata');
    send('SIGSTOP', 'zookeeper');
    // Flink takes ZooKeeper for dead after three seconds, and starts its jobs again.
    isCaught = !existsSync(files) && (await awaited(() => existsSync(files), Boolean, 2000));
    if (isCaught) send('SIGSTOP', 'taskmanager');
    send('SIGCONT', 'zookeeper');
    if (!isCaught) await sleep(1000);
  }
  await sleep(SHORT_TIMEOUT_MS + ABORTED_AFTER_MS);
  send('SIGKILL', 'taskmanager');
}

/** The folder of the checkpoint that begins next. */
async function nextCheckpoint(jobFolder: string): Promise<string> {
  const old = new Set(readdirSync(jobFolder));
  for await (const { filename } of watchFolder(jobFolder)) {
    if (filename !== null && /^chk-\d+$/.test(filename) && !old.has(filename)) return filename;
  }
  throw new Error(`${jobFolder} is watched no more.`);
}

async function dropTomorrow(url: string): Promise<string> {
  const tomorrow = (Math.floor(Date.now() / DAY_MS) + 1) * DAY_MS;
  const database = new PostgresDatabase({ url, name: 'test', connections: 1 });
  const name = partitionOf(tomorrow);
  await new PostgresTouchTable(database).run({
    action: 'drop day',
    name,
    statements: dropPartition(tomorrow),
  });
  await database.close();
  return name;
}
