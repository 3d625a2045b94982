import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withClusterLock } from '../../../src/adapters/local-process/cluster-lock.ts';
import { NodeProcessHost } from '../../../src/adapters/local-process/node-process-host.ts';
import { freePorts, takenPorts } from '../../../src/adapters/local-process/port-check.ts';
import { birthOf } from '../../../src/adapters/local-process/proc-file-system.ts';
import { serverProbe } from '../../../src/adapters/local-process/server-probe.ts';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import type { StartedProcess } from '../../../src/cluster/local/ports.ts';
import { readinessSince, START_MARK } from '../../../src/cluster/local/process-plan.ts';
import { startCluster } from '../../../src/cluster/local/start-cluster.ts';
import { stopCluster } from '../../../src/cluster/local/stop-cluster.ts';
import { plan } from '../../cluster/local/fake-cluster.ts';

const SERVE = `require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1'); console.log('serving');`;
const STUBBORN = `process.on('SIGTERM', () => {}); ${SERVE}`;

let directory = '';
let host: NodeProcessHost;

function open(): NodeProcessHost {
  return new NodeProcessHost({ directory, logFolder: 'logs', clock: nodeClock });
}

function node(name: string, script: string, port = 0): ReturnType<typeof plan> {
  return plan(name, [], {
    command: [process.execPath, '-e', script, String(port)],
    readiness: { kind: 'tcp', address: `127.0.0.1:${port}` },
  });
}

function start(...plans: ReturnType<typeof plan>[]): Promise<void> {
  return startCluster(plans, { host, probe: serverProbe, clock: nodeClock });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'adtally-host-'));
  host = open();
});

afterEach(() => {
  for (const name of host.names()) host.signal(name, 'SIGKILL');
  rmSync(directory, { recursive: true });
});

describe('a process', () => {
  test('is found again by another command, with its memory and its log, and stopped', async () => {
    const [port] = await freePorts(1);
    await start(node('one', SERVE, port));
    const other = open();
    const found = other.find('one')!;
    expect(found).toEqual(host.find('one'));
    expect(other.residentBytes(found)).toBeGreaterThan(1_000_000);
    expect(other.lastLines('one', 5)).toEqual(['serving']);
    await stopCluster([], { host: other, clock: nodeClock });
    expect(birthOf(found.pid)).toBeUndefined();
    expect(other.names()).toEqual([]);
  });

  test('that ignores SIGTERM is killed', async () => {
    const [port] = await freePorts(1);
    await start(node('one', STUBBORN, port));
    const ends: string[] = [];
    await stopCluster([], {
      host,
      clock: nodeClock,
      stopMsMax: 200,
      onStopped: (_name, how) => ends.push(how),
    });
    expect(ends).toEqual(['killed']);
  });

  test('that dies while it starts is an error that shows its log', async () => {
    const dying = node('one', `console.error('no such topic'); process.exit(3)`);
    await expect(start(dying)).rejects.toMatchObject({
      code: 'cluster_failed',
      message: 'Process one ended while it was starting. The end of its log:\n  no such topic',
    });
  });

  test('whose program is not there is an error', async () => {
    const missing = plan('one', [], { command: [join(directory, 'no-java')] });
    await expect(start(missing)).rejects.toMatchObject({
      code: 'cluster_failed',
      message: expect.stringContaining('Process one could not be started: Error: spawn'),
    });
  });

  test('is not the one that has its pid now', async () => {
    const [port] = await freePorts(1);
    await start(node('one', SERVE, port));
    const path = join(directory, 'processes.json');
    const books = JSON.parse(readFileSync(path, 'utf8')) as Record<string, StartedProcess>;
    const innocent = books['one'].pid;
    // As after a crash: the books name a pid that another process has by now.
    writeFileSync(path, JSON.stringify({ one: { ...books['one'], birth: 'another boot/7' } }));
    expect(host.find('one')).toBeUndefined();
    host.signal('one', 'SIGKILL');
    await stopCluster([], { host, clock: nodeClock });
    expect(birthOf(innocent)).toBe(books['one'].birth);
    writeFileSync(path, JSON.stringify(books));
  });

  test('is ready only when the page shows this life of it, not the one before', async () => {
    const page = `${START_MARK} serves`;
    const pages = [{ url: `http://127.0.0.1:${(await freePorts(1))[0]}/`, shows: page }];
    const port = Number(new URL(pages[0].url).port);
    const script = `require('node:http').createServer((_, answer) => answer.end(process.argv[2])).listen(process.argv[1], '127.0.0.1')`;
    const one = { ...node('one', script, port), readiness: { kind: 'http', pages } as const };
    await start({ ...one, command: [...one.command, page] });
    const life = host.find('one')!;
    expect(await serverProbe.isReady(readinessSince(one, life.startedAt))).toBe(true);
    expect(await serverProbe.isReady(readinessSince(one, life.startedAt + 1))).toBe(false);
  });

  test('keeps the log of the life before', async () => {
    const first = node('one', `console.log('first'); process.exit(1)`);
    await expect(start(first)).rejects.toThrow('first');
    await expect(start(node('one', `console.log('second'); process.exit(1)`))).rejects.toThrow('second');
    expect(readFileSync(join(directory, 'logs/one.previous.log'), 'utf8')).toBe('first\n');
    expect(host.lastLines('one', 5)).toEqual(['second']);
  });

  test('is prepared once', async () => {
    const [port] = await freePorts(1);
    const makes = join(directory, 'made');
    const preparing = (script: string): ReturnType<typeof plan> => ({
      ...node('one', SERVE, port),
      preparation: { command: [process.execPath, '-e', script], makes },
    });
    await expect(start(preparing(`console.log('no room'); process.exit(1)`))).rejects.toThrow(
      'Process one could not be prepared. The end of the log:\n  no room',
    );
    await start(preparing(`require('node:fs').appendFileSync(${JSON.stringify(makes)}, 'x')`));
    await stopCluster([], { host, clock: nodeClock });
    await start(preparing(`require('node:fs').appendFileSync(${JSON.stringify(makes)}, 'x')`));
    expect(readFileSync(makes, 'utf8')).toBe('x');
  });
});

test.for(['{"one":{"pid":0,"birth":"x","startedAt":1}}', '[]', 'gibberish'])(
  'books that are none of ours are refused: %s',
  (text) => {
    const path = join(directory, 'processes.json');
    writeFileSync(path, text);
    expect(() => host.names()).toThrow(expect.objectContaining({ code: 'data_corrupt' }));
    writeFileSync(path, '{}');
  },
);

test('a port that somebody listens on is taken, others are free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const [free] = await freePorts(1);
  expect(await takenPorts([free, port])).toEqual([port]);
  server.close();
});

describe('the lock of a cluster', () => {
  test('lets one command in at a time', async () => {
    const held = Promise.withResolvers<void>();
    const first = withClusterLock(directory, () => held.promise);
    await expect(withClusterLock(directory, () => Promise.resolve())).rejects.toMatchObject({
      code: 'data_locked',
    });
    held.resolve();
    await first;
    expect(await withClusterLock(directory, () => Promise.resolve(7))).toBe(7);
  });

  test('of a command that was killed is taken over', async () => {
    writeFileSync(join(directory, 'LOCK'), JSON.stringify({ pid: process.pid, birth: 'another boot/1' }));
    expect(await withClusterLock(directory, () => Promise.resolve(7))).toBe(7);
  });
});

describe('readiness over HTTP', () => {
  test.for([
    [200, 'flink-version', true],
    [200, 'another page', false],
    [503, 'flink-version', false],
  ] as const)('an answer of %i with "%s": %s', async ([status, text, expected]) => {
    const server = createServer((_request, response) => response.writeHead(status).end(text)).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const pages = [{ url: `http://127.0.0.1:${port}/`, shows: 'flink-version' }];
    expect(await serverProbe.isReady({ kind: 'http', pages })).toBe(expected);
    server.close();
    await once(server, 'close');
    expect(await serverProbe.isReady({ kind: 'http', pages })).toBe(false);
  });
});
