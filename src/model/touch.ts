import type { UnixMs } from '../base/clock.ts';
import type { EventType } from './ad-event.ts';

/** A counted event, seen as something that may have led its user to an order. */
export interface Touch {
  readonly eventId: string;
  readonly eventType: EventType;
  readonly eventTime: UnixMs;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly merchantId: string | null;
  /** The region that counted it. */
  readonly region: string;
}
