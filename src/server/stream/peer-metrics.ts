import { Counter, Gauge } from 'prom-client';
import type { Clock } from '../../base/clock.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { PeerLink, PeerStatus, PullStatus, Region } from '../../embedded/ports.ts';

/** Where metrics find how the peer does. */
export interface PeerView {
  readonly link: PeerLink | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

interface PeerMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** Undefined where there is nothing to say yet. */
  readonly value: (status: PeerStatus, pull: PullStatus, now: number) => number | undefined;
}

const PEER_METRICS: readonly PeerMetric[] = [
  {
    name: 'adtally_peer_connected',
    kind: 'gauge',
    help: '1 when the last question to the peer was answered, else 0.',
    value: (_status, { isConnected }) => (isConnected ? 1 : 0),
  },
  {
    name: 'adtally_peer_through_lag_seconds',
    kind: 'gauge',
    help: 'All that arrived at the peer up to so long ago is known here. About ten seconds while nothing happens there.',
    value: ({ through }, _pull, now) => (through === 0 ? undefined : secondsSince(through, now)),
  },
  {
    name: 'adtally_settled_lag_seconds',
    kind: 'gauge',
    help: 'Up to so long ago nothing can come from anywhere any more: what is over is forgotten by this time. It grows while the peer is silent.',
    value: ({ settled }, _pull, now) => (settled === 0 ? undefined : secondsSince(settled, now)),
  },
  {
    name: 'adtally_peer_pages_total',
    kind: 'counter',
    help: 'Pages of the peer taken in since the start.',
    value: (_status, { pages }) => pages,
  },
  {
    name: 'adtally_peer_yielded_total',
    kind: 'counter',
    help: 'Events counted here that were the peer’s and have been taken out again.',
    value: ({ yielded }) => yielded,
  },
  {
    name: 'adtally_peer_missed_blocks',
    kind: 'gauge',
    help: 'Blocks that the peer had dropped before they were taken in: what was in them is not known here.',
    value: ({ blocksMissed }) => blocksMissed,
  },
];

/** How a region stands to its peer; without samples where there is none. */
export function peerMetrics(region: Pick<Region, 'status'>, view: PeerView | undefined): (Counter | Gauge)[] {
  return PEER_METRICS.map(({ name, kind, help, value }) => {
    const read = (): { peer: string; value: number } | undefined => {
      const { peer } = region.status();
      if (view?.link === undefined || peer === null) return undefined;
      const found = value(peer, view.link.status(), view.clock.now());
      return found === undefined ? undefined : { peer: view.link.region, value: found };
    };
    const config = { name, help, labelNames: ['peer'], registers: [] };
    if (kind === 'gauge') {
      return new Gauge({
        ...config,
        collect() {
          const sample = read();
          if (sample !== undefined) this.set({ peer: sample.peer }, sample.value);
        },
      });
    }
    return new Counter({
      ...config,
      // The region counts; this only shows its figure.
      collect() {
        const sample = read();
        this.reset();
        if (sample !== undefined) this.inc({ peer: sample.peer }, sample.value);
      },
    });
  });
}

function secondsSince(time: number, now: number): number {
  return Math.max(0, now - time) / SECOND_MS;
}
