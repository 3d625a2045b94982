import type { UnixMs } from '../base/clock.ts';
import type { VerdictCounts } from './verdict.ts';

/** One frame of `GET /v1/live` (server-sent events, `event: live`), about twice a second. */
export interface LiveFrame {
  /** Unix ms when the frame was made. */
  readonly at: UnixMs;
  readonly region: string;
  /** Totals since the region began. */
  readonly received: number;
  readonly verdicts: VerdictCounts;
  /** Over the last two seconds. */
  readonly eventsPerSecond: number;
  /**
   * Accepted to visible over the last ten seconds, ms; null without samples. An event is visible before it is acknowledged, so
   * acknowledged to visible would always be 0.
   */
  readonly freshness: { readonly p50Ms: number | null; readonly p99Ms: number | null };
  /** Ad minutes held. */
  readonly records: number;
  readonly pendingBytes: number;
  readonly quarantined: number;
  readonly orders: LiveOrders;
  /** Ads with most impressions and clicks over the last 15 minutes of event time, at most 10. */
  readonly topAds: readonly TopAd[];
}

export interface LiveOrders {
  /** Since the region began, whatever became of them. */
  readonly received: number;
  readonly held: number;
  /** Of those held, the ones that wait for the order service. */
  readonly pending: number;
}

export interface TopAd {
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  readonly impressions: number;
  readonly clicks: number;
  readonly costMicros: number;
}
