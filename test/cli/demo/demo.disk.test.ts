import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FullAudit } from '../../../src/cli/audit/full-audit.ts';
import type { ImportReport } from '../../../src/cli/import/importer.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { LiveFrame } from '../../../src/model/live.ts';
import type { DemoRegion } from '../../../src/server/demo/demo-control.ts';
import type { TrailPage } from '../../../src/server/trail/audit-trail.ts';
import { Workplace, type Started } from '../adtally-process.ts';

interface Line extends Partial<ImportReport> {
  readonly event: string;
  readonly region: string;
  readonly url: string;
  readonly pid: number;
}

const IMPORTED = 60_287;

let place: Workplace;
let pids: Set<number>;
beforeEach(() => {
  place = new Workplace();
  pids = new Set();
});
afterEach(async () => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
  await place.remove();
});

interface Demo {
  readonly process: Started<Line>;
  readonly a: string;
  readonly b: string;
}

async function startDemo(rate: number): Promise<Demo> {
  const demo = await place.start<Line>(['demo', '--port', '0', '--rate', String(rate)]);
  const [a, b] = [await lineOf(demo, 'a', 'started'), await lineOf(demo, 'b', 'started')];
  return { process: demo, a: a.url, b: b.url };
}

async function lineOf(demo: Started<Line>, region: string, event: string): Promise<Line> {
  const line = await demo.line((said) => said.event === event && said.region === region);
  pids.add(line.pid);
  return line;
}

async function get<Answer>(url: string): Promise<Answer> {
  return (await (await fetch(url)).json()) as Answer;
}

async function ask(url: string, path: string): Promise<{ regions: DemoRegion[] }> {
  const response = await fetch(url + path, { method: 'POST' });
  expect(response.status).toBe(200);
  return (await response.json()) as { regions: DemoRegion[] };
}

/** The records of a region, by their id. */
async function records(url: string): Promise<Map<string, AdMinute>> {
  const found = new Map<string, AdMinute>();
  let after = '';
  for (let isDone = false; !isDone;) {
    type Page = { records: AdMinute[]; cursor: string; caughtUp: boolean };
    const page = await get<Page>(`${url}/v1/changes/ad-minutes?limit=10000${after}`);
    for (const record of page.records) found.set(record.recordId, record);
    after = `&after=${page.cursor}`;
    isDone = page.caughtUp;
  }
  return found;
}

async function eventsCounted(...urls: readonly string[]): Promise<number> {
  let sum = 0;
  for (const url of urls) {
    for (const { impressions, clicks } of (await records(url)).values()) sum += impressions + clicks;
  }
  return sum;
}

async function counted(url: string): Promise<number> {
  return (await get<{ verdicts: { counted: number } }>(`${url}/v1/audit`)).verdicts.counted;
}

async function liveFrame(url: string): Promise<LiveFrame> {
  const response = await fetch(`${url}/v1/live`);
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const data = /^data: (.*)$/m.exec(text);
    if (data !== null && text.includes('\n\n')) return JSON.parse(data[1]) as LiveFrame;
  }
  throw new Error('There was no frame.');
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}

const event = (eventId: string): object => ({
  eventId,
  eventType: 'impression',
  eventTime: Date.now(),
  adId: 'mine',
  campaignId: 'c',
  advertiserId: 'v',
  userId: 'u',
});

/** Sends one impression; true once a region has said that it was counted, here or there. */
async function deliver(url: string, eventId: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify([event(eventId)]) };
  const response = await fetch(`${url}/v1/events`, init).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status === 200;
}

describe('adtally demo', { timeout: 300_000 }, () => {
  it('shows real data in two regions, once, however often it is started', async () => {
    const demo = await startDemo(0);
    const imported = await demo.process.line((line) => line.event === 'imported');
    expect(imported).toMatchObject({ outcome: 'complete', verdicts: { counted: IMPORTED } });
    const inEach = [await counted(demo.a), await counted(demo.b)];
    expect(inEach.every((events) => events >= IMPORTED / 3)).toBe(true);
    await until(async () => (await eventsCounted(demo.a, demo.b)) === IMPORTED);
    expect((await get<{ campaigns: unknown[] }>(`${demo.a}/v1/campaigns`)).campaigns).toHaveLength(3);
    demo.process.signal('SIGINT');
    const { exit, lines, stderr } = await demo.process.ended;
    expect({ exit, stderr, last: lines.at(-1)?.event }).toEqual({ exit: 0, stderr: '', last: 'stopped' });

    const again = await startDemo(0);
    expect(await again.process.line((line) => line.event === 'imported')).toMatchObject({
      outcome: 'nothing_to_do',
    });
    expect(await eventsCounted(again.a, again.b)).toBe(IMPORTED);
  });

  it('goes on in one region while the other is dead, and both end with all that was acknowledged', async () => {
    const demo = await startDemo(100);
    await demo.process.line((line) => line.event === 'imported');
    let sent = 0;
    const send = async (count: number, ...urls: readonly string[]): Promise<void> => {
      for (let left = count; left > 0; left--) {
        const id = `mine-${sent++}`;
        // Some clients hear nothing in time, and ask the other region too.
        const answers = await Promise.all(
          urls.slice(0, sent % 3 === 0 ? 2 : 1).map((url) => deliver(url, id)),
        );
        expect(answers).toContain(true);
      }
    };
    await send(30, demo.a, demo.b);
    const { regions } = await ask(demo.b, '/v1/demo/kill?region=a');
    expect(regions.map(({ region, state }) => [region, state])).toEqual([
      ['a', 'killed'],
      ['b', 'up'],
    ]);
    await demo.process.line((line) => line.event === 'killed' && line.region === 'a');
    await expect(fetch(`${demo.a}/healthz`)).rejects.toThrow('fetch failed');
    const received = (await liveFrame(demo.b)).received;
    await send(30, demo.b);
    // The traffic of the clients of a comes here now.
    await until(async () => (await liveFrame(demo.b)).received > received + 130);
    expect((await liveFrame(demo.b)).peer).toMatchObject({ region: 'a', isConnected: false, url: demo.a });
    expect((await fetch(`${demo.b}/readyz`)).status).toBe(200);
    expect((await get<{ regions: DemoRegion[] }>(`${demo.b}/v1/demo`)).regions[0]).toMatchObject({
      state: 'killed',
      pid: null,
    });

    await ask(demo.b, '/v1/demo/restart?region=a');
    const back = await lineOf(demo.process, 'a', 'restarted');
    expect(back.url).toBe(demo.a);
    await send(30, demo.b, demo.a);
    const mine = async (): Promise<number> => {
      const all = [...(await records(demo.a)).values(), ...(await records(demo.b)).values()];
      return all.filter(({ adId }) => adId === 'mine').reduce((sum, { impressions }) => sum + impressions, 0);
    };
    await until(async () => (await mine()) === sent);
    await until(async () => (await liveFrame(demo.b)).peer?.isConnected === true);
    const trail = await get<TrailPage>(`${demo.b}/v1/audit/trail`);
    expect(trail.entries.slice(0, 2)).toMatchObject([
      { action: 'demo.restart', subject: 'region a', outcome: 'done' },
      { action: 'demo.kill', subject: 'region a', outcome: 'done' },
    ]);
    expect(await mine()).toBe(sent);
    for (const region of ['a', 'b']) {
      const audit = await place.json<FullAudit>(['audit', '--data', join('data/demo', region)]);
      expect(audit.exact).toBe(true);
    }
  });

  it('lets a region end itself, whose answer still leaves', async () => {
    const demo = await startDemo(0);
    const { regions } = await ask(demo.a, '/v1/demo/kill?region=a');
    expect(regions[0]).toMatchObject({ region: 'a', state: 'killed' });
    expect(regions[0].restartAt).toBeGreaterThan(Date.now() + 60_000);
    await demo.process.line((line) => line.event === 'killed');
    const response = await fetch(`${demo.b}/v1/demo/kill?region=c`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toBe('region is "c"; allowed: a, b.');
  });

  it('runs one region as well', async () => {
    const demo = await place.start<Line>(['demo', '--port', '0', '--one', '--rate', '100']);
    await demo.line((line) => line.event === 'imported');
    const audit = await place.json<FullAudit>(['audit']);
    expect(audit.exact).toBe(true);
    expect(audit.books.counted.impressions).toBeGreaterThanOrEqual(60_000);
    expect((await liveFrame(demo.first.url)).peer).toBeNull();
    demo.signal('SIGINT');
    const { exit, lines } = await demo.ended;
    expect({ exit, last: lines.at(-1)?.event }).toEqual({ exit: 0, last: 'stopped' });
    expect(existsSync(join(place.folder, 'data/demo/MANIFEST'))).toBe(true);
  });
});
