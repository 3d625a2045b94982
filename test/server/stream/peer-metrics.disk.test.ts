import { afterEach, describe, expect, it } from 'vitest';
import type { PeerStatus, PullStatus } from '../../../src/embedded/ports.ts';
import { openTestServer, withMembers, type TestServer } from '../server-fixture.ts';

const SETTINGS = { regions: ['a', 'b'] };
const NOW = 1_769_860_800_000;
const STATUS: PeerStatus = {
  data: 'd',
  block: 7,
  through: NOW - 2500,
  ack: NOW,
  settled: NOW - 60_000,
  blocksMissed: 4,
  takenThrough: 5,
  yielded: 6,
};
const SILENT: PullStatus = { isConnected: false, pages: 9, silentSince: NOW - 1000, lastError: 'gone' };

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function open(status: Partial<PeerStatus>, pull: PullStatus): Promise<TestServer> {
  const { nodeClock } = await import('../../../src/adapters/node-clock/node-clock.ts');
  return openTestServer({
    config: SETTINGS,
    clock: { ...nodeClock, now: () => NOW },
    peer: { region: 'b', url: 'http://b.example', status: () => pull },
    wrap: (region) =>
      withMembers(region, { status: () => ({ ...region.status(), peer: { ...STATUS, ...status } }) }),
  });
}

async function samples(): Promise<string[]> {
  const text = await (await server!.get('/metrics')).text();
  return text.split('\n').filter((line) => /^adtally_(peer|settled)_/.test(line));
}

async function peerOfFrame(): Promise<unknown> {
  const response = await server!.get('/v1/live');
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const data = /^data: (.*)$/m.exec(text);
    if (data !== null && text.includes('\n\n')) return (JSON.parse(data[1]) as { peer: unknown }).peer;
  }
  throw new Error('There was no frame.');
}

describe('how a region stands to its peer', () => {
  it('shows in metrics', async () => {
    server = await open({}, SILENT);
    expect((await samples()).toSorted()).toEqual([
      'adtally_peer_connected{peer="b"} 0',
      'adtally_peer_missed_blocks{peer="b"} 4',
      'adtally_peer_pages_total{peer="b"} 9',
      'adtally_peer_through_lag_seconds{peer="b"} 2.5',
      'adtally_peer_yielded_total{peer="b"} 6',
      'adtally_settled_lag_seconds{peer="b"} 60',
    ]);
    expect((await server.get('/readyz')).status).toBe(200);
  });

  it('shows in live frames', async () => {
    server = await open({}, SILENT);
    expect(await peerOfFrame()).toEqual({
      region: 'b',
      url: 'http://b.example',
      isConnected: false,
      silentSince: NOW - 1000,
      throughLagMs: 2500,
      yielded: 6,
      blocksMissed: 4,
      lastError: 'gone',
    });
  });

  it('has no lag before the first page, and none where the peer’s clock is ahead', async () => {
    server = await open({ through: 0, settled: 0 }, { ...SILENT, isConnected: true, lastError: null });
    expect(await peerOfFrame()).toMatchObject({ throughLagMs: null, isConnected: true, lastError: null });
    const names = (await samples()).map((line) => line.slice(0, line.indexOf('{')));
    expect(names).not.toContain('adtally_peer_through_lag_seconds');
    expect(names).not.toContain('adtally_settled_lag_seconds');
    await server.close();
    server = await open({ through: NOW + 500 }, SILENT);
    expect(await peerOfFrame()).toMatchObject({ throughLagMs: 0 });
  });

  it('is nothing where there is no peer', async () => {
    server = await openTestServer();
    expect(await samples()).toEqual([]);
    expect(await peerOfFrame()).toBeNull();
  });
});
