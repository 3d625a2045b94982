import type { UnixMs } from '../../../base/clock.ts';
import type { LiveFrame } from '../../../model/live.ts';
import { webRoot } from '../../address/arrival.ts';
import type { DemoRegion } from '../../answers/region-answers.ts';

/** What is known of a region here; null for what is not. */
export interface RegionFacts {
  readonly region: string;
  /** Whether it serves this page. */
  readonly isHere: boolean;
  /** Where its page is: `http://host:7070/`. */
  readonly pageUrl: string | null;
  readonly state: 'alive' | 'silent' | 'killed' | 'starting' | 'unknown';
  readonly silentSince: UnixMs | null;
  readonly eventsPerSecond: number | null;
  /** Over the last full minute, as the reporting store has it. */
  readonly countedPerSecond: number | null;
  readonly freshnessP99Ms: number | null;
  /** All that arrived there up to so long ago is known here. */
  readonly knownLagMs: number | null;
  readonly records: number | null;
  readonly pendingBytes: number | null;
}

interface Known {
  readonly frame: LiveFrame;
  /** Whether no frame has come for a while. */
  readonly isLost: boolean;
  readonly demo: readonly DemoRegion[];
  readonly countedPerSecond: ((region: string) => number) | null;
}

/** The regions there are, by name: this one, and the other one if there is one. */
export function regionFacts(known: Known): RegionFacts[] {
  const other = otherFacts(known);
  const all = other === null ? [hereFacts(known)] : [hereFacts(known), other];
  return all.toSorted((a, b) => (a.region < b.region ? -1 : 1));
}

function hereFacts({ frame, isLost, countedPerSecond }: Known): RegionFacts {
  const { region, eventsPerSecond, freshness, records, pendingBytes, at } = frame;
  return {
    region,
    isHere: true,
    pageUrl: null,
    state: isLost ? 'silent' : 'alive',
    silentSince: isLost ? at : null,
    eventsPerSecond: isLost ? null : eventsPerSecond,
    countedPerSecond: countedPerSecond?.(region) ?? null,
    freshnessP99Ms: freshness.p99Ms,
    knownLagMs: isLost ? null : 0,
    records,
    pendingBytes,
  };
}

function otherFacts({ frame, demo, countedPerSecond }: Known): RegionFacts | null {
  const { peer } = frame;
  const supervised = demo.find(({ region }) => region !== frame.region);
  const region = peer?.region ?? supervised?.region;
  if (region === undefined) return null;
  return {
    region,
    isHere: false,
    pageUrl: webRoot(supervised?.url ?? peer?.url ?? ''),
    state: stateOf(peer, supervised),
    silentSince: peer?.silentSince ?? null,
    eventsPerSecond: null,
    countedPerSecond: countedPerSecond?.(region) ?? null,
    freshnessP99Ms: null,
    knownLagMs: peer?.throughLagMs ?? null,
    records: null,
    pendingBytes: null,
  };
}

/** The supervisor knows of a death before the silence is noticed. */
function stateOf(peer: LiveFrame['peer'], supervised: DemoRegion | undefined): RegionFacts['state'] {
  if (supervised?.state === 'killed') return 'killed';
  if (supervised?.state === 'starting') return 'starting';
  if (supervised?.state === 'down' || supervised?.state === 'stopping') return 'silent';
  if (peer === null) return supervised === undefined ? 'unknown' : 'alive';
  if (peer.isConnected) return 'alive';
  return peer.silentSince === null ? 'unknown' : 'silent';
}
