import { expect, test } from 'vitest';
import { otherRegion } from '../../../../src/dashboard/components/regions/other-region.ts';
import { regionFacts } from '../../../../src/dashboard/components/regions/region-facts.ts';
import type { LiveFrame, LivePeer } from '../../../../src/model/live.ts';
import { mockFrame } from '../../mock-figures.ts';
import { mockDemo } from '../../mock-reports.ts';

const PEER: LivePeer = {
  region: 'b',
  url: 'http://10.0.0.2:7070',
  isConnected: true,
  silentSince: null,
  throughLagMs: 120,
  settledLagMs: 600_000,
  yielded: 0,
  blocksMissed: 0,
  lastError: null,
};
const SILENT = { ...PEER, isConnected: false, silentSince: 5000 };
const DEMO = mockDemo('http://127.0.0.1:7070');
const withPeer = (peer: LivePeer | null): LiveFrame => ({ ...mockFrame(1, 10_000), peer });
const known = { isLost: false, demo: [], countedPerSecond: null };
const killed = DEMO.map((each) => (each.region === 'b' ? ({ ...each, state: 'killed' } as const) : each));

test('a region without a peer stands alone', () => {
  const facts = regionFacts({ ...known, frame: withPeer(null) });
  expect(facts.map(({ region, isHere, state }) => [region, isHere, state])).toEqual([['a', true, 'alive']]);
});

test.each([
  ['answers', PEER, [], 'alive'],
  ['is silent', SILENT, [], 'silent'],
  ['has not been asked yet', { ...PEER, isConnected: false }, [], 'unknown'],
  ['was killed, which nobody has noticed yet', PEER, killed, 'killed'],
] as const)('a peer that %s', (_, peer, demo, state) => {
  const [here, other] = regionFacts({ ...known, demo, frame: withPeer(peer) });
  expect([here.state, other.state, other.region]).toEqual(['alive', state, 'b']);
});

test('regions stand by name, whichever serves the page', () => {
  const frame = { ...withPeer({ ...PEER, region: 'a' }), region: 'b' };
  expect(regionFacts({ ...known, frame }).map(({ region, isHere }) => [region, isHere])).toEqual([
    ['a', false],
    ['b', true],
  ]);
});

test('a page whose region is lost says since when, and gives no rate', () => {
  const [here] = regionFacts({ ...known, isLost: true, frame: withPeer(PEER) });
  expect(here).toMatchObject({ state: 'silent', silentSince: 10_000, eventsPerSecond: null });
});

test('where the page goes on', () => {
  expect(otherRegion(null, [])).toBeNull();
  expect(otherRegion(withPeer(null), [])).toBeNull();
  const offered = { region: 'b', url: PEER.url, takesOver: false, wasSilent: false };
  expect(otherRegion(withPeer(PEER), [])).toEqual(offered);
  expect(otherRegion(withPeer(SILENT), [])).toEqual({ ...offered, wasSilent: true });
  const supervised = { ...offered, url: 'http://127.0.0.1:9', takesOver: true };
  expect(otherRegion(withPeer(PEER), DEMO)).toEqual(supervised);
  expect(otherRegion(withPeer(PEER), killed)).toEqual({ ...supervised, takesOver: false, wasSilent: true });
});
