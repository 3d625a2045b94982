import type { UnixMs } from '../../base/clock.ts';
import type { PeerLink, PeerStatus } from '../../embedded/ports.ts';
import type { LivePeer } from '../../model/live.ts';

/** How a region stands to its peer, for the live page; null where there is none. */
export function livePeer(
  link: PeerLink | undefined,
  status: PeerStatus | null,
  now: UnixMs,
): LivePeer | null {
  if (link === undefined || status === null) return null;
  const { isConnected, silentSince, lastError } = link.status();
  const { through, yielded, blocksMissed } = status;
  // The time is the peer's, whose clock may be ahead.
  const throughLagMs = through === 0 ? null : Math.max(0, now - through);
  const { region, url } = link;
  return { region, url, isConnected, silentSince, throughLagMs, yielded, blocksMissed, lastError };
}
