import type { Clock, UnixMs } from '../../base/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import type { PeerLink, Region, VisibleChange } from '../../embedded/ports.ts';
import { minuteOf } from '../../model/event-time.ts';
import type { LiveFrame, TopAd } from '../../model/live.ts';
import type { LiveFrames } from '../route.ts';
import { FrameLoop } from './frame-loop.ts';
import { livePeer } from './live-peer.ts';

const RATE_OVER_MS = 2 * SECOND_MS;
const FRESHNESS_OVER_MS = 10 * SECOND_MS;
const CHANGES_MAX = 20_000;
const TOP_ADS = 10;
const TOP_ADS_MINUTES = 15;
const TOP_ADS_EVERY_MS = SECOND_MS;
/** Ranking may use at most one part in this many of the time. */
const TOP_ADS_SHARE = 20;

/** Makes the frames of the live page, once for all its viewers, and only while there are any. */
export class LiveFeed implements LiveFrames {
  private readonly region: Region;
  private readonly clock: Clock;
  private readonly peer: PeerLink | undefined;
  private readonly frames: FrameLoop;
  private readonly stopListening: () => void;
  private changes: VisibleChange[] = [];
  private topAds: readonly TopAd[] = [];
  private ranking = false;
  private rankAgainAtMs = 0;

  constructor(region: Region, clock: Clock, peer?: PeerLink) {
    this.region = region;
    this.clock = clock;
    this.peer = peer;
    this.frames = new FrameLoop(clock, () => this.nextFrame());
    this.stopListening = region.onChange((change) => this.remember(change));
  }

  /** Calls `viewer` with the JSON of a frame, now and twice a second; returns how to stop. */
  watch(viewer: (frame: string) => void): () => void {
    return this.frames.watch(viewer);
  }

  close(): void {
    this.frames.close();
    this.stopListening();
  }

  /** The frame as of now. */
  frame(): LiveFrame {
    const nowMs = this.clock.monotonicMs();
    this.forget(nowMs - FRESHNESS_OVER_MS);
    const status = this.region.status();
    const { received, held, pending } = status.orders;
    return {
      at: this.clock.now(),
      region: status.region,
      received: status.received,
      verdicts: status.verdicts,
      eventsPerSecond: this.eventsPerSecond(nowMs),
      freshness: { p50Ms: this.freshnessMs(0.5), p99Ms: this.freshnessMs(0.99) },
      records: status.records,
      pendingBytes: status.pendingBytes,
      quarantined: status.quarantineHeld,
      orders: { received, held, pending },
      peer: livePeer(this.peer, status.peer, this.clock.now()),
      topAds: this.topAds,
    };
  }

  private nextFrame(): LiveFrame {
    if (!this.ranking && this.clock.monotonicMs() >= this.rankAgainAtMs) {
      // A region that has failed keeps its last ranking; /readyz says what happened.
      this.rank().catch(() => {});
    }
    return this.frame();
  }

  private remember(change: VisibleChange): void {
    this.changes.push(change);
    // Without viewers nobody else forgets.
    if (this.changes.length >= CHANGES_MAX) this.forget(change.visibleAtMs - FRESHNESS_OVER_MS);
    if (this.changes.length >= CHANGES_MAX) this.changes = this.changes.slice(CHANGES_MAX / 2);
  }

  private forget(beforeMs: number): void {
    const kept = this.changes.findIndex((change) => change.visibleAtMs >= beforeMs);
    this.changes = kept === -1 ? [] : this.changes.slice(kept);
  }

  private eventsPerSecond(nowMs: number): number {
    let received = 0;
    for (const change of this.changes) {
      if (change.visibleAtMs >= nowMs - RATE_OVER_MS) received += change.received;
    }
    return received / (RATE_OVER_MS / SECOND_MS);
  }

  /** Accepted to visible at the quantile, each group weighed by its events. */
  private freshnessMs(quantile: number): number | null {
    const total = this.changes.reduce((sum, change) => sum + change.received, 0);
    if (total === 0) return null;
    const delays = this.changes
      .map((change) => ({ delayMs: change.visibleAtMs - change.acceptedAtMs, events: change.received }))
      .toSorted((a, b) => a.delayMs - b.delayMs);
    let rank = 0;
    const found = delays.find(({ events }) => (rank += events) >= quantile * total);
    return Math.round(found!.delayMs * 100) / 100;
  }

  /** Ranks minute by minute and lets others have their turn in between: a minute may have a hundred thousand ads. */
  private async rank(): Promise<void> {
    this.ranking = true;
    const startedAtMs = this.clock.monotonicMs();
    const sums = new Map<string, Sum>();
    const lastMinute = minuteOf(this.clock.now());
    for (let back = 0; back < TOP_ADS_MINUTES && this.frames.isWatched; back++) {
      addMinute(this.region, lastMinute - back * MINUTE_MS, sums);
      await this.clock.turn();
    }
    this.topAds = [...sums.values()].toSorted(byEvents).slice(0, TOP_ADS);
    const tookMs = this.clock.monotonicMs() - startedAtMs;
    this.rankAgainAtMs = startedAtMs + Math.max(TOP_ADS_EVERY_MS, tookMs * TOP_ADS_SHARE);
    this.ranking = false;
  }
}

type Sum = { -readonly [Field in keyof TopAd]: TopAd[Field] };

function addMinute(region: Region, minute: UnixMs, sums: Map<string, Sum>): void {
  for (const record of region.adMinutes({ from: minute, to: minute + MINUTE_MS })) {
    const key = `${record.currency}${record.adId}`;
    const sum = sums.get(key);
    if (sum === undefined) {
      const { adId, campaignId, advertiserId, currency, impressions, clicks, costMicros } = record;
      sums.set(key, { adId, campaignId, advertiserId, currency, impressions, clicks, costMicros });
    } else {
      sum.impressions += record.impressions;
      sum.clicks += record.clicks;
      sum.costMicros += record.costMicros;
    }
  }
}

function byEvents(a: TopAd, b: TopAd): number {
  return b.impressions + b.clicks - (a.impressions + a.clicks) || (a.adId < b.adId ? -1 : 1);
}
