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
  /** The other region; null where there is none, or none is asked. */
  readonly peer: LivePeer | null;
  /** Ads with most impressions and clicks over the last 15 minutes of event time, at most 10. */
  readonly topAds: readonly TopAd[];
}

/** One frame of `GET /v1/live` of the gateway of a cluster. */
export interface GatewayFrame {
  /** Unix ms when the frame was made. */
  readonly at: UnixMs;
  readonly region: string;
  /** What this gateway has taken in, over the last two seconds. */
  readonly eventsPerSecond: number;
  /** What this gateway has taken in since it started. */
  readonly events: TakenIn;
  readonly orders: TakenIn;
  /** Memory of requests not yet done with. */
  readonly pendingBytes: number;
  /** Whether Kafka takes in what it is sent. */
  readonly isReady: boolean;
  /** How long Kafka took for the last group of messages, ms. */
  readonly publishMsLast: number;
  /** Groups of messages that Kafka did not acknowledge. */
  readonly failures: number;
  /** What the jobs of the region said of the events of the last hour of arrival, at all gateways; null while that is not known. */
  readonly verdicts: VerdictCounts | null;
}

export interface TakenIn {
  readonly received: number;
  readonly invalid: number;
}

/** How this region stands to the other one. */
export interface LivePeer {
  readonly region: string;
  /** Where this region asks it. */
  readonly url: string;
  /** Whether the last question was answered. */
  readonly isConnected: boolean;
  /** Since when it has not answered, Unix ms; null when it does. */
  readonly silentSince: UnixMs | null;
  /**
   * All that arrived there up to so long ago is known here, ms; null before its first page. While nothing happens there it grows
   * to about ten seconds.
   */
  readonly throughLagMs: number | null;
  /** Up to so long ago nothing can come from anywhere any more, ms; null before that is known. It grows while the other one is silent. */
  readonly settledLagMs: number | null;
  /** Events counted here that were the other one’s and have been taken out again, since the region began. */
  readonly yielded: number;
  /** Blocks that the other one had dropped before they were taken in. */
  readonly blocksMissed: number;
  /** Why it was not heard the last time; null when it was. */
  readonly lastError: string | null;
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
