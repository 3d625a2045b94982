import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImportReport } from '../../src/cli/import/importer.ts';
import type { RegionTraffic } from '../../src/client/failover.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { startStubRegion } from '../client/stub-region.ts';
import { Workplace, type Started } from './adtally-process.ts';

interface Line {
  readonly url: string;
}

const EVENTS = 4000;

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

const startRegion = (name: string, port = '0'): Promise<Started<Line>> =>
  place.start<Line>(['start', '--regions', 'a,b', '--region', name, '--port', port, '--data', name]);

async function received(url: string): Promise<number> {
  const audit = (await (await fetch(`${url}/v1/audit`)).json()) as { received: number };
  return audit.received;
}

/** Impressions by ad: every event here has an ad of its own. */
async function impressions(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/v1/changes/ad-minutes?limit=10000`);
  const { records, caughtUp } = (await response.json()) as { records: AdMinute[]; caughtUp: boolean };
  expect(caughtUp).toBe(true);
  return new Map(records.map((record) => [record.adId, record.impressions]));
}

describe('adtally with two regions', { timeout: 120_000 }, () => {
  it('imports all of a file when the preferred region is killed meanwhile, each event once', async () => {
    const lines = Array.from({ length: EVENTS }, (_, at) =>
      JSON.stringify({
        eventId: `e-${at}`,
        eventType: 'impression',
        eventTime: Date.now(),
        adId: `ad-${at}`,
        campaignId: 'c',
        advertiserId: 'v',
        userId: 'u',
      }),
    );
    writeFileSync(join(place.folder, 'events.ndjson'), lines.join('\n'));
    const [a, b] = [await startRegion('a'), await startRegion('b')];
    const { port } = new URL(a.first.url);
    const args = ['import', 'events.ndjson', '--batch', '10', '--url', a.first.url, '--url', b.first.url];
    const importing = place.json<ImportReport>(args);
    while ((await received(a.first.url)) < 500) await new Promise((resolve) => setTimeout(resolve, 5));
    a.signal('SIGKILL');
    await a.ended;
    while ((await received(b.first.url)) < 500) await new Promise((resolve) => setTimeout(resolve, 5));
    const again = await startRegion('a', port);
    const report = await importing;

    expect(report).toMatchObject({ outcome: 'complete', events: EVENTS });
    const [toA, toB] = report.regions;
    expect([toA.url, toB.url]).toEqual([a.first.url, b.first.url]);
    expect(toA.failures).toBeGreaterThan(0);
    expect(toB.resends).toBeGreaterThan(0);
    expect(report.resends).toBe(toA.resends + toB.resends);
    const [inA, inB] = [await impressions(again.first.url), await impressions(b.first.url)];
    expect(new Set([...inA.keys(), ...inB.keys()]).size).toBe(EVENTS);
    expect(new Set([...inA.values(), ...inB.values()])).toEqual(new Set([1]));
  });

  it('says what went where', async () => {
    const [near, far] = [await startStubRegion(), await startStubRegion()];
    try {
      near.always = 'stopping';
      const args = ['generate', '--count', '500', '--batch', '100', '--parallel', '1'];
      const urls = `${near.url},${far.url}`;
      const { stdout, exit } = await place.run(args, { ADTALLY_URL: urls, ADTALLY_KEY: 'one,two' });
      expect(exit).toBe(0);
      expect(stdout).toMatch(/region +requests +failed +sent again\n.* 1 +1 +0\n.* 5 +0 +1\n/);
      expect(stdout).toContain('1 request had to be sent again');
      expect(new Set(far.keys)).toEqual(new Set(['Bearer two']));
      const { regions } = await place.json<{ regions: RegionTraffic[] }>(args, { ADTALLY_URL: urls });
      expect(regions.map(({ url }) => url)).toEqual([near.url, far.url]);
    } finally {
      await Promise.all([near.close(), far.close()]);
    }
  });

  it.each([
    [['report', '--url', 'http://127.0.0.1:1,http://127.0.0.1:2'], 'This command asks one region'],
    [['generate', '--url', 'http://127.0.0.1:1', '--key', 'a,b'], 'There are 2 keys for 1 addresses'],
    [['import', 'x.csv', '--url', 'http://127.0.0.1:1', '--url', 'b'], '--url is "b"'],
  ])('%j is not understood', async (args, text) => {
    writeFileSync(join(place.folder, 'x.csv'), 'eventTime\n');
    const { exit, stderr } = await place.run(args);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(text) as string });
  });
});
