import type { UnixMs } from '../base/clock.ts';

/** The totals of one ad, minute of event time and currency in one region. Totals, never deltas. */
export interface AdMinute extends AdMinuteFigures {
  /** UUIDv8 over region, ad, minute and currency: the same after every replay. */
  readonly recordId: string;
}

/** An ad minute for those who only read figures: the record id costs more than all the rest. */
export interface AdMinuteFigures {
  /** How many changes the record has had; of two versions the higher revision wins. */
  readonly revision: number;
  readonly region: string;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  /** Start of the minute, Unix ms. */
  readonly minute: UnixMs;
  readonly currency: string;
  readonly impressions: number;
  readonly clicks: number;
  /** Sum of the costs, integer micros of `currency`. */
  readonly costMicros: number;
}
