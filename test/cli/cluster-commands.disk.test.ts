import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeClusterState } from '../../src/cli/cluster/cluster-state.ts';
import type { ClusterLayout } from '../../src/cluster/local/cluster-layout.ts';
import { portsFrom } from '../../src/cluster/local/port-layout.ts';
import { freePort } from '../free-port.ts';
import { Workplace } from './adtally-process.ts';

const JOB = { region: 'a', kind: 'aggregation', name: 'adtally-a-aggregation', settings: {}, statements: [] };

let place: Workplace;
let data = '';

beforeEach(() => {
  place = new Workplace();
  data = join(place.folder, 'cluster');
});

afterEach(() => place.remove());

/** As an `up` leaves it whose processes have all died since. */
function leaveCluster(more: Partial<ClusterLayout> = {}): void {
  writeClusterState({
    directory: data,
    regions: ['a'],
    without: [],
    ports: portsFrom(19_000, ['a']),
    checkpointIntervalMs: 1000,
    stateBackend: 'rocksdb',
    stateMib: 768,
    ...more,
  });
}

test('a port that is taken is told before anything is started', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { exit, stderr } = await place.run([
    'cluster',
    'up',
    '--data',
    data,
    '--port-base',
    String(port - 1),
  ]);
  server.close();
  expect([exit, stderr]).toEqual([2, expect.stringContaining('cluster_preflight')]);
  expect(stderr).toContain(`Port ${port}, for Flink’s REST API, is taken by another program`);
  expect(readdirSync(data)).toEqual([]);
});

test('where there is no cluster, only down is content', async () => {
  for (const command of ['status', 'logs']) {
    const { exit, stderr } = await place.run(['cluster', command, '--data', data]);
    expect([exit, stderr]).toEqual([2, expect.stringContaining('start one with "adtally cluster up"')]);
  }
  expect(await place.json(['cluster', 'down', '--data', data])).toEqual({
    directory: data,
    stopped: [],
    purged: false,
  });
  expect(existsSync(data)).toBe(false);
});

test('a cluster whose processes have died is down, says so, and is removed only when that is meant', async () => {
  mkdirSync(data);
  leaveCluster();
  const status = await place.run(['cluster', 'status', '--data', data]);
  expect(status.exit).toBe(7);
  expect(status.stdout).toMatch(/^kafka-a +down +– +– +604\.0 MB +– +127\.0\.0\.1:19020$/m);
  expect((await place.run(['cluster', 'logs', 'kafka', '--data', data])).stderr).toContain(
    'The cluster has no process kafka',
  );
  const careless = await place.run(['cluster', 'down', '--purge', '--data', data]);
  expect([careless.exit, existsSync(data)]).toEqual([2, true]);
  await place.json(['cluster', 'down', '--purge', '--yes', '--data', data]);
  expect(existsSync(data)).toBe(false);
});

test('books are closed of a cluster that is there, and of one that answers', async () => {
  const nowhere = await place.run(['audit', '--cluster', data]);
  expect([nowhere.exit, nowhere.stderr]).toEqual([2, expect.stringContaining('There is no cluster in')]);
  mkdirSync(data);
  // Where nobody listens.
  leaveCluster({ ports: portsFrom(64_000, ['a']) });
  const dead = await place.run(['audit', '--cluster', data]);
  expect([dead.exit, dead.stderr]).toEqual([7, expect.stringContaining('kafka_unreachable')]);
  expect(dead.stderr).toContain('"adtally cluster up" starts what is down');
});

test.for([
  ['--regions', 'a,b', 'has regions a, not a,b'],
  ['--port-base', '20000', 'has --port-base 19000, not 20000'],
  ['--state-backend', 'hashmap', 'has --state-backend rocksdb, not hashmap'],
])('what its data hangs on stays as it is: %s %s', async ([flag, value, message]) => {
  mkdirSync(data);
  leaveCluster();
  const { exit, stderr } = await place.run(['cluster', 'up', '--data', data, flag, value]);
  expect([exit, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('jobs are stopped, resumed and rescaled only where some were applied', async () => {
  mkdirSync(data);
  leaveCluster();
  for (const args of [['stop-jobs'], ['resume'], ['rescale', '--parallelism', '2']]) {
    const { exit, stderr } = await place.run(['cluster', ...args, '--data', data]);
    expect([exit, stderr]).toEqual([2, expect.stringContaining('"adtally cluster apply" does')]);
  }
  // Nothing is wished, and no lock is left.
  expect(readdirSync(data).toSorted()).toEqual(['addresses.json', 'cluster.json']);
});

test('what a newer version has written is not read', async () => {
  mkdirSync(data);
  leaveCluster();
  writeFileSync(join(data, 'jobs.json'), '{"format":2,"jobs":[]}');
  const { exit, stderr } = await place.run(['cluster', 'resume', '--data', data]);
  expect([exit, stderr]).toEqual([4, expect.stringContaining('jobs.json has format 2')]);
});

test('watch says that a cluster is silent, serves its metrics, and leaves what was stopped alone', async () => {
  mkdirSync(data);
  leaveCluster();
  writeFileSync(
    join(data, 'jobs.json'),
    JSON.stringify({ format: 1, parallelism: 1, areStopped: false, jobs: [JOB] }),
  );
  const watch = await place.start<{
    readonly event: string;
    readonly metrics: string;
    readonly subject?: string;
  }>(['cluster', 'watch', '--data', data, '--metrics-port', '0', '--every', '1']);
  expect(watch.first).toMatchObject({ event: 'started', directory: data });
  const other = await place.run([
    'cluster',
    'watch',
    '--data',
    data,
    '--metrics-port',
    new URL(watch.first.metrics).port,
  ]);
  expect([other.exit, other.stderr]).toEqual([2, expect.stringContaining('is taken by another process')]);
  const { subject } = await watch.line(({ event }) => event === 'alarm');
  expect(['Flink', 'Kafka of a']).toContain(subject);
  await watch.line((line) => line.event === 'alarm' && line.subject !== subject);
  const text = await (await fetch(watch.first.metrics)).text();
  expect(text).toContain('adtally_cluster_alarms{alarm="server_silent"} 2\n');
  expect(text).toContain('adtally_cluster_alarms{alarm="commits_failed"} 0\n');
  expect((await fetch(new URL('/', watch.first.metrics))).status).toBe(404);
  watch.signal('SIGTERM');
  const { exit, lines } = await watch.ended;
  expect([exit, lines.at(-1)]).toEqual([0, { event: 'stopped' }]);
  expect(lines.filter(({ event }) => !['started', 'alarm', 'stopped'].includes(event))).toEqual([]);
}, 120_000);

test('a directory that its programs would not all read alike is refused', async () => {
  const { exit, stderr } = await place.run(['cluster', 'up', '--data', `${data} of mine`]);
  expect([exit, stderr]).toEqual([2, expect.stringContaining('characters')]);
});

test('SQL of a cluster says when there is no cluster, no Hive in it, or none that answers', async () => {
  const ask = async (...args: string[]): Promise<unknown[]> => {
    const { exit, stdout } = await place.run(['sql', '--cluster', data, 'SELECT 1', '--json', ...args]);
    const { error } = JSON.parse(stdout) as { error: { code: string; detail: string } };
    return [exit, error.code, error.detail];
  };
  expect(await ask()).toEqual([2, 'not_found', expect.stringContaining('There is no cluster in')]);
  mkdirSync(data);
  leaveCluster({ without: ['hive'] });
  expect(await ask()).toEqual([2, 'not_found', expect.stringContaining('runs without Hive')]);
  const hive = await freePort();
  leaveCluster({ ports: { ...portsFrom(19_000, ['a']), hive } });
  expect(await ask()).toEqual([7, 'cluster_unreachable', expect.stringContaining(`127.0.0.1:${hive}`)]);
  expect(await ask('--url', 'http://127.0.0.1:1')).toEqual([2, 'usage', expect.any(String)]);
});

test('files for containers are those of the cluster that is there, and start nothing', async () => {
  mkdirSync(data);
  leaveCluster();
  const out = join(place.folder, 'deploy');
  const asked = ['cluster', 'render', 'compose', '--data', data, '--regions', 'a', '--out', out];
  const answer = await place.json<{ readonly files: readonly string[] }>(asked);
  expect(answer.files).toEqual(['compose.yaml', 'flink.Dockerfile']);
  expect(readFileSync(join(out, 'compose.yaml'), 'utf8')).toContain(`--zkConfigFile ${data}/config/`);
  expect(readdirSync(data)).toEqual(['addresses.json', 'cluster.json']);
  const wrong = await place.run(['cluster', 'render', 'nomad', '--data', data]);
  expect([wrong.exit, wrong.stderr]).toEqual([2, expect.stringContaining('they are compose, kubernetes')]);
});

test('an enricher says what it needs before it asks anybody', async () => {
  const service = ['--enrichment-url', 'http://127.0.0.1:9'];
  for (const [args, exit, message] of [
    [['--kafka', '127.0.0.1:9'], 2, 'enrichment.url is not set'],
    [service, 2, 'Say where Kafka is'],
    [[...service, '--kafka', 'nowhere'], 2, '--kafka is "nowhere"'],
    [[...service, '--kafka', '127.0.0.1:9', '--region', 'z'], 2, 'the regions of the spec are a'],
    [[...service, '--cluster', data], 2, 'There is no cluster in'],
    [[...service, '--kafka', '127.0.0.1:9', '--enrichment-token-file', data], 2, 'cannot be read'],
  ] as const) {
    const run = await place.run(['enricher', ...args]);
    expect([run.exit, run.stderr]).toEqual([exit, expect.stringContaining(message)]);
  }
});
