import { adMinuteUuid } from '../../src/oracle/record-uuid.ts';
import type { OracleRecord } from '../../src/oracle/oracle-rules.ts';

const MINUTE_MS = 60_000;

/** An event as a client means it. */
export interface SentEvent {
  readonly eventId: string;
  readonly eventType: 'impression' | 'click';
  readonly eventTime: number;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly userId: string;
  readonly merchantId: string;
  readonly costMicros: number;
  readonly currency: string;
}

/** What the clients have sent, and so what a region has to show: plain maps, no code of the engine. */
export class Ledger {
  readonly #sent: SentEvent[] = [];
  readonly #acknowledged: SentEvent[] = [];

  /** A new event goes out for the first time. */
  send(event: SentEvent): void {
    this.#sent.push(event);
  }

  acknowledge(events: readonly SentEvent[]): void {
    this.#acknowledged.push(...events);
  }

  /** Every event once, however often it was sent. */
  get sent(): readonly SentEvent[] {
    return this.#sent;
  }

  get acknowledged(): readonly SentEvent[] {
    return this.#acknowledged;
  }

  /** The records of all events, by record id. */
  records(region: string): Map<string, OracleRecord> {
    const records = new Map<string, OracleRecord>();
    for (const event of this.#sent) {
      const minute = event.eventTime - (event.eventTime % MINUTE_MS);
      const recordId = adMinuteUuid(region, event.adId, minute, event.currency);
      const before = records.get(recordId);
      const isClick = event.eventType === 'click';
      records.set(recordId, {
        recordId,
        revision: (before?.revision ?? 0) + 1,
        region,
        adId: event.adId,
        campaignId: event.campaignId,
        advertiserId: event.advertiserId,
        minute,
        currency: event.currency,
        impressions: (before?.impressions ?? 0) + (isClick ? 0 : 1),
        clicks: (before?.clicks ?? 0) + (isClick ? 1 : 0),
        costMicros: (before?.costMicros ?? 0) + event.costMicros,
      });
    }
    return records;
  }
}
