import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeClusterState } from '../../src/cli/cluster/cluster-state.ts';
import { portsFrom } from '../../src/cluster/local/port-layout.ts';
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
function leaveCluster(): void {
  writeClusterState({
    directory: data,
    regions: ['a'],
    without: [],
    ports: portsFrom(19_000, ['a']),
    checkpointIntervalMs: 1000,
    taskHeapMib: 1024,
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

test.for([
  ['--regions', 'a,b', 'has regions a, not a,b'],
  ['--port-base', '20000', 'has --port-base 19000, not 20000'],
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
