/** What the figures are of, as it stands in the address: a link shows the same to whoever may see it. */
export interface FiguresChoice {
  readonly advertiserId: string | null;
  /** Only with an advertiser. */
  readonly campaignId: string | null;
  /** Calendar days of the time zone, up to and with `lastDay`. */
  readonly days: (typeof DAY_RANGES)[number];
  readonly granularity: 'hour' | 'day';
  /** `2026-01-31`; null is today. */
  readonly lastDay: string | null;
  /** Null is the one that cost most. */
  readonly currency: string | null;
}

export const DAY_RANGES = [1, 7, 30] as const;
const DAYS_DEFAULT = 1;

export const FIGURES_DEFAULT: FiguresChoice = {
  advertiserId: null,
  campaignId: null,
  days: DAYS_DEFAULT,
  granularity: 'hour',
  lastDay: null,
  currency: null,
};

/** One day is shown by hour, more of them by day, unless told otherwise. */
export function usualGranularity(days: number): FiguresChoice['granularity'] {
  return days === 1 ? 'hour' : 'day';
}

/** Null for a path that names nothing; of the query, what makes no sense is as if it were not there. */
export function parseFigures(path: readonly string[], query: URLSearchParams): FiguresChoice | null {
  if (path.length > 2) return null;
  try {
    const [advertiserId = null, campaignId = null] = path.map((part) => decodeURIComponent(part));
    const days = DAY_RANGES.find((each) => String(each) === query.get('days')) ?? DAYS_DEFAULT;
    const by = query.get('by');
    const granularity = by === 'hour' || by === 'day' ? by : usualGranularity(days);
    const [lastDay, currency] = [query.get('day'), query.get('currency')];
    return {
      advertiserId,
      campaignId,
      days,
      granularity,
      lastDay: lastDay !== null && isDate(lastDay) ? lastDay : null,
      currency: currency !== null && /^[A-Z]{3}$/.test(currency) ? currency : null,
    };
  } catch {
    return null;
  }
}

export function figuresHref({
  advertiserId,
  campaignId,
  days,
  granularity,
  lastDay,
  currency,
}: FiguresChoice): string {
  const path = [advertiserId, campaignId]
    .filter((part) => part !== null)
    .map((part) => `/${encodeURIComponent(part)}`)
    .join('');
  const query = new URLSearchParams();
  if (days !== DAYS_DEFAULT) query.set('days', String(days));
  if (granularity !== usualGranularity(days)) query.set('by', granularity);
  if (lastDay !== null) query.set('day', lastDay);
  if (currency !== null) query.set('currency', currency);
  return `#/figures${path}${query.size === 0 ? '' : `?${query.toString()}`}`;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < '1970-01-02') return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}
