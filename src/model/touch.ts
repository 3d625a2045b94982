import type { UnixMs } from '../base/clock.ts';
import type { AdEvent } from './ad-event.ts';
import type { AttributionModel } from './attributed-order.ts';

/** A counted event, seen as something that may have led its user to an order. */
export interface Touch extends Pick<
  AdEvent,
  'eventId' | 'eventType' | 'eventTime' | 'adId' | 'campaignId' | 'advertiserId' | 'merchantId'
> {
  /** The region that counted it. */
  readonly region: string;
}

/** Which touches of a user are asked for. Times are Unix ms, both inclusive. */
export interface TouchQuery {
  readonly userId: string;
  readonly from: UnixMs;
  readonly to: UnixMs;
  /** Most of them. */
  readonly limit: number;
}

export interface TouchPage {
  /** Newest first. */
  readonly touches: readonly Touch[];
  /** How many there are, beyond the limit too. */
  readonly found: number;
}

/** Where the touches of users are looked up. */
export interface TouchBook {
  newest(query: TouchQuery): TouchPage | Promise<TouchPage>;
}

/** Why a touch is no candidate for the credit of an order. */
export const TOUCH_FAULTS = [
  'after_order',
  'outside_window',
  'other_merchant',
  'beaten_by_click',
  'beyond_touches_max',
] as const;
export type TouchFault = (typeof TOUCH_FAULTS)[number];

/** What became of a touch that was looked at for an order. */
export interface TouchExplanation {
  readonly touch: Touch;
  /** Whether its time and its merchant would let it have credit, if there were no other touch. */
  readonly eligible: boolean;
  /** Why it is no candidate; null when it is one. A candidate has no credit under a model that gives all to another. */
  readonly reason: TouchFault | null;
  /** One per model that gives it credit. */
  readonly credits: readonly TouchCredit[];
  /** The same in one sentence. */
  readonly message: string;
}

export interface TouchCredit {
  readonly model: AttributionModel;
  readonly rank: number;
  /** Integer micros of the order's currency; 0 for a cancelled order. */
  readonly creditMicros: number;
}
