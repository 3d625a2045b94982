import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { MAIN, Workplace, type Started } from '../adtally-process.ts';

interface Line {
  readonly event: string;
  readonly region: string;
  readonly url: string;
  readonly pid: number;
  readonly exit: number | null;
  readonly signal: string | null;
  readonly reason: string;
  readonly restartInMs: number;
}

const ALL = ['start', '--all', '--regions', 'a,b', '--port', '0'];

let place: Workplace;
/** Processes of regions: they are in groups of their own, and outlive a test that fails. */
let pids: Set<number>;
beforeEach(() => {
  place = new Workplace();
  pids = new Set();
});
afterEach(async () => {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await place.remove();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function startAll(args: readonly string[] = ALL): Promise<Started<Line>> {
  return place.start<Line>(args);
}

async function started(all: Started<Line>, region: string, event = 'started'): Promise<Line> {
  const line = await all.line((said) => said.event === event && said.region === region);
  pids.add(line.pid);
  return line;
}

async function send(url: string, ids: readonly string[]): Promise<void> {
  const events = ids.map((eventId) => ({
    eventId,
    eventType: 'impression',
    eventTime: Date.now(),
    adId: `ad-${eventId}`,
    campaignId: 'c',
    advertiserId: 'v',
    userId: 'u',
  }));
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(events) });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

/** Impressions of a region by ad. */
async function impressions(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/v1/changes/ad-minutes?limit=10000`);
  const { records } = (await response.json()) as { records: AdMinute[] };
  return Object.fromEntries(records.map((record) => [record.adId, record.impressions]));
}

/** Whether a region hears of its peer. */
async function heardOf(url: string): Promise<boolean> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return /^adtally_peer_pages_total\{peer="[ab]"\} [1-9]/m.test(metrics);
}

function sum(...figures: readonly Record<string, number>[]): number {
  return figures.flatMap((each) => Object.values(each)).reduce((total, count) => total + count, 0);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

describe('adtally start --all', { timeout: 60_000 }, () => {
  it('runs every region, each with the other as its peer, and stops them in good order', async () => {
    const all = await startAll();
    const [a, b] = [await started(all, 'a'), await started(all, 'b')];
    await Promise.all([send(a.url, ['e-1', 'e-2']), send(b.url, ['e-1', 'e-3'])]);
    // Both have counted e-1, or one has heard of it in time: it stays with the first one, so they do read from each other.
    const both = async (): Promise<Record<string, number>[]> => [
      await impressions(a.url),
      await impressions(b.url),
    ];
    await until(async () => (await heardOf(a.url)) && (await heardOf(b.url)));
    await until(async () => sum(...(await both())) === 3);
    all.signal('SIGTERM');
    const { exit, lines, stderr } = await all.ended;
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const stopped = lines.filter(({ event }) => event === 'stopped');
    expect(stopped.map(({ region }) => region).toSorted()).toEqual(['a', 'b']);
    expect([isAlive(a.pid), isAlive(b.pid)]).toEqual([false, false]);
    expect(await place.json(['ls', '--regions', 'a,b'])).toMatchObject({
      data: join(place.folder, 'data/a'),
      running: null,
      others: [{ data: join(place.folder, 'data/b'), running: null }],
    });
  });

  it('starts a region again that was killed, at the same address and with all that it had', async () => {
    const all = await startAll();
    const [a, b] = [await started(all, 'a'), await started(all, 'b')];
    await send(a.url, ['e-1', 'e-2']);
    process.kill(a.pid, 'SIGKILL');
    const died = await all.line(({ event }) => event === 'died');
    expect(died).toMatchObject({ region: 'a', pid: a.pid, exit: null, signal: 'SIGKILL', restartInMs: 0 });
    expect(died.reason).toContain('SIGKILL');
    const again = await started(all, 'a', 'restarted');
    expect(again.url).toBe(a.url);
    expect(again.pid).not.toBe(a.pid);
    expect(await impressions(again.url)).toEqual({ 'ad-e-1': 1, 'ad-e-2': 1 });
    expect(isAlive(b.pid)).toBe(true);
    process.kill(again.pid, 'SIGKILL');
    expect(await all.line(({ event, pid }) => event === 'died' && pid === again.pid)).toMatchObject({
      restartInMs: 250,
    });
  });

  it.each(['SIGKILL', 'SIGHUP'] as const)('ends every region in good order when %s ends it', async (name) => {
    const all = await startAll();
    const [a, b] = [await started(all, 'a'), await started(all, 'b')];
    await send(a.url, ['e-1']);
    all.signal(name);
    await all.ended;
    await until(() => !isAlive(a.pid) && !isAlive(b.pid));
    // Only who stops in good order takes its file away.
    const list = await place.json<{ files: { file: string }[] }>(['ls', '--regions', 'a,b']);
    expect(list.files.map(({ file }) => file)).not.toContain('running.json');
    expect(list.files.some(({ file }) => file.endsWith('.snapshot'))).toBe(true);
  });

  it('stops in good order at Ctrl-C, which a terminal sends to all that runs in it', async () => {
    const child = spawn(process.execPath, [MAIN, ...ALL, '--json'], {
      cwd: place.folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: Line[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => lines.push(JSON.parse(line) as Line));
    await until(() => lines.length === 2);
    for (const { pid } of lines) pids.add(pid);
    process.kill(-child.pid!, 'SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(lines.slice(2).map(({ event }) => event)).toEqual(['stopped', 'stopped']);
    const list = await place.json<{ files: { file: string }[] }>(['ls', '--regions', 'a,b']);
    expect(list.files.map(({ file }) => file)).not.toContain('running.json');
  });

  it('ends at once when asked twice', async () => {
    const all = await startAll();
    const [a, b] = [await started(all, 'a'), await started(all, 'b')];
    // Two regions that do not hear of the first signal.
    for (const { pid } of [a, b]) process.kill(pid, 'SIGSTOP');
    all.signal('SIGTERM');
    await sleep(200);
    all.signal('SIGINT');
    expect((await all.ended).exit).toBe(130);
    await until(() => !isAlive(a.pid) && !isAlive(b.pid));
  });

  it('goes on with one region when the other cannot start, and says why', async () => {
    mkdirSync(join(place.folder, 'data/b'), { recursive: true });
    writeFileSync(join(place.folder, 'data/b/MANIFEST'), 'nothing of ours');
    const all = await startAll();
    const a = await started(all, 'a');
    const died = await all.line(({ event }) => event === 'died');
    expect(died).toMatchObject({ region: 'b', exit: 4, signal: null, restartInMs: 30_000 });
    expect(died.reason).toContain('MANIFEST');
    await send(a.url, ['e-1']);
    expect(await impressions(a.url)).toEqual({ 'ad-e-1': 1 });
    // Nobody can be killed from a page but in the demo.
    expect((await fetch(`${a.url}/v1/demo/kill?region=a`, { method: 'POST' })).status).toBe(404);
    const ready = await fetch(`${a.url}/readyz`);
    expect(await ready.json()).toEqual({ status: 'ok' });
    all.signal('SIGTERM');
    expect((await all.ended).exit).toBe(0);
  });

  it('gives up when no region can start before somebody mends something', async () => {
    const { exit, stdout } = await place.run([...ALL, '--host', '0.0.0.0', '--json']);
    expect(exit).toBe(2);
    const said = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const died = said.filter(({ event }) => event === 'died');
    expect(died.map(({ region }) => region).toSorted()).toEqual(['a', 'b']);
    expect(died[0].reason).toContain('there is no key');
  });

  it('tells people what happens', async () => {
    const text = place.run([...ALL, '--host', '0.0.0.0']);
    const { stdout, stderr } = await text;
    expect(stdout).toMatch(
      /Region a has died with exit code 2\. It starts again in 30s\.\n {2}config_invalid: .*no key/,
    );
    expect(stderr).toContain('No region can start before that is mended.');
  });

  it.each([
    [['--region', 'a'], '--region does not go with --all'],
    [['--peer', 'b=http://127.0.0.1:1'], '--peer does not go with --all'],
  ])('refuses %j', async (more, text) => {
    const { exit, stderr } = await place.run([...ALL, ...more]);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(text) as string });
  });
});
