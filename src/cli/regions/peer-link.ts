import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { HttpPeerRegion } from '../../adapters/peer-region/http-peer-region.ts';
import { PeerPuller } from '../../embedded/peer/peer-puller.ts';
import type { PeerLink, Region } from '../../embedded/ports.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { peerOf } from './peer-address.ts';

/** The way to the other region, in use. */
export interface StartedPeerLink {
  readonly peer: PeerLink;
  /** Resolves once no question is under way any more. */
  stop(): Promise<void>;
}

/** Begins to take in what the other region counts; undefined where there is none. */
export function startPeerLink(
  region: Region,
  spec: PipelineSpec,
  secret: string | undefined,
): StartedPeerLink | undefined {
  const peer = peerOf(spec);
  if (peer === undefined) return undefined;
  const source = new HttpPeerRegion(peer.url, secret);
  const puller = new PeerPuller({ region, peer: peer.name, source, clock: nodeClock });
  puller.start();
  return {
    peer: { region: peer.name, url: peer.url, status: () => puller.status },
    stop: () => puller.stop(),
  };
}
