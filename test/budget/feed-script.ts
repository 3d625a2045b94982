import { AdtallyError } from '../../src/base/errors.ts';
import type { AdMinuteFeed, FeedPage } from '../../src/budget/ports.ts';
import type { HeldRecords } from '../../src/budget/budget-audit.ts';
import { minuteOf } from '../../src/model/event-time.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';

export const NOON = Date.UTC(2026, 0, 31, 12);

/** A record of ad `adId` with sensible fields. */
export function adMinute(over: Partial<AdMinute> = {}): AdMinute {
  const { region = 'a', adId = 'ad-1', minute = NOON, currency = 'EUR' } = over;
  return {
    recordId: adMinuteRecordId(region, adId, minute, currency),
    revision: 1,
    region,
    adId,
    campaignId: 'spring',
    advertiserId: 'acme',
    minute,
    currency,
    impressions: 1,
    clicks: 0,
    costMicros: 1000,
    ...over,
  };
}

/** A change feed that is told what changed: it gives the latest revision of each record, like a region. */
export class ScriptedFeed implements AdMinuteFeed, HeldRecords {
  readonly #latest = new Map<string, { record: AdMinute; change: number }>();
  readonly #listeners = new Set<() => void>();
  #change = 0;
  /** Cursors of another origin are refused. */
  origin = 'origin';
  refusal: 'bad_cursor' | 'cursor_expired' = 'bad_cursor';
  failure: Error | undefined;
  pages = 0;

  change(...records: readonly AdMinute[]): void {
    for (const record of records) this.#latest.set(record.recordId, { record, change: ++this.#change });
    for (const listener of this.#listeners) listener();
  }

  changedAdMinutes(after: string | undefined, limit: number): FeedPage {
    if (this.failure !== undefined) throw this.failure;
    this.pages++;
    const [origin, change] = (after ?? `${this.origin}-0`).split('-');
    if (origin !== this.origin) throw new AdtallyError(this.refusal, 'Not a cursor of this feed.');
    const changed = [...this.#latest.values()]
      .filter((latest) => latest.change > Number(change))
      .toSorted((a, b) => a.change - b.change);
    const page = changed.slice(0, limit);
    const caughtUp = page.length === changed.length;
    const last = caughtUp ? this.#change : page.at(-1)!.change;
    return { records: page.map(({ record }) => record), cursor: `${this.origin}-${last}`, caughtUp };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  from(): number {
    return Math.min(...this.#records().map(({ minute }) => minute));
  }

  byMinute(): { minute: number; records: AdMinute[] }[] {
    const minutes = new Set(this.#records().map(({ minute }) => minuteOf(minute)));
    return [...minutes].map((minute) => ({ minute, records: this.records(minute) }));
  }

  records(minute: number): AdMinute[] {
    return this.#records().filter((record) => record.minute === minute);
  }

  #records(): AdMinute[] {
    return [...this.#latest.values()].map(({ record }) => record);
  }
}
