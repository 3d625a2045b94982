import type { UnixMs } from '../../base/clock.ts';

/**
 * What a log entry is. Part of the log format: append only.
 * `eventsJson` and `eventsNdjson` hold a request body as received; `rules` the rules of the pipeline from here on, as JSON;
 * `quarantineReplay` the ids it takes out of the quarantine, then their events as NDJSON; `ordersJson` and `ordersNdjson` a
 * request body of orders; `enrichment` what the order service said of an order, as JSON; `peerPage` what was counted in the
 * other region; `marks` which events of earlier blocks were counted; `backfill` old events, and up to which age they count.
 */
export const ENTRY_KIND = {
  eventsJson: 1,
  eventsNdjson: 2,
  rules: 3,
  quarantineReplay: 4,
  ordersJson: 5,
  ordersNdjson: 6,
  enrichment: 7,
  peerPage: 8,
  marks: 9,
  backfill: 10,
} as const;
export type EntryKind = (typeof ENTRY_KIND)[keyof typeof ENTRY_KIND];

export const LAST_ENTRY_KIND = ENTRY_KIND.backfill;

/** One thing that may change the state, as the log keeps it. */
export interface Entry {
  readonly kind: EntryKind;
  /** When it arrived, Unix ms: the only time its events are judged by. */
  readonly arrival: UnixMs;
  readonly body: Uint8Array;
}

/** Where a body stands in the log, so that its raw bytes can be read again. */
export interface LogPosition {
  /** Number of the first block of the segment: its name. */
  readonly segment: number;
  /** Byte offset of the body in the segment's file. */
  readonly offset: number;
}

export interface LoggedEntry extends Entry, LogPosition {}
