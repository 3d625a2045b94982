import { countOf, formatMicros, renderTable } from '../table.ts';

/** What is added to one ad on one day (UTC) in one currency. */
export interface DayChange {
  /** Start of the day, RFC 3339. */
  readonly day: string;
  readonly adId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  readonly impressions: number;
  readonly clicks: number;
  /** A bigint past 2^53. */
  readonly costMicros: number | bigint;
}

/** Days shown to people; what is beyond is summed up. */
const ROWS_SHOWN = 20;

/** What old events change, batch by batch, by ad, day and currency. */
export class Difference {
  readonly #days = new Map<string, DayChange>();

  add(changes: readonly DayChange[]): void {
    for (const change of changes) {
      const key = JSON.stringify([change.day, change.adId, change.currency]);
      const known = this.#days.get(key);
      this.#days.set(key, known === undefined ? change : sumOf(known, change));
    }
  }

  /** All of it, the most events first. */
  changes(): DayChange[] {
    return [...this.#days.values()].toSorted(
      (a, b) => eventsOf(b) - eventsOf(a) || (keyOf(a) < keyOf(b) ? -1 : 1),
    );
  }

  /** A table for people: the biggest changes one by one, the others in one row for each currency, then the whole. */
  table(): string {
    const changes = this.changes();
    if (changes.length === 0) return 'No figure changes.';
    const [shown, others] = [changes.slice(0, ROWS_SHOWN), changes.slice(ROWS_SHOWN)];
    const rows = [
      ...shown.map((change) => [change.day.slice(0, 10), change.adId, ...figuresOf(change)]),
      ...byCurrency(others).map(({ days, sum }) => [countOf(days, 'other row'), '', ...figuresOf(sum)]),
      ...byCurrency(changes).map(({ sum }) => ['in all', '', ...figuresOf(sum)]),
    ];
    return renderTable(['day (UTC)', 'ad', 'currency', 'impressions', 'clicks', 'cost'], rows);
  }
}

function sumOf(a: DayChange, b: DayChange): DayChange {
  return {
    ...a,
    impressions: a.impressions + b.impressions,
    clicks: a.clicks + b.clicks,
    costMicros: BigInt(a.costMicros) + BigInt(b.costMicros),
  };
}

function byCurrency(changes: readonly DayChange[]): { readonly days: number; readonly sum: DayChange }[] {
  return [...Map.groupBy(changes, ({ currency }) => currency)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, those]) => ({ days: those.length, sum: those.reduce(sumOf) }));
}

function figuresOf({ currency, impressions, clicks, costMicros }: DayChange): (string | number)[] {
  return [currency, impressions, clicks, `+${formatMicros(costMicros)}`];
}

function eventsOf({ impressions, clicks }: DayChange): number {
  return impressions + clicks;
}

function keyOf({ day, adId, currency }: DayChange): string {
  return JSON.stringify([day, adId, currency]);
}
