import { signal } from '@preact/signals';
import { getJson } from './region-api.ts';
import type { Route } from './router.ts';

/** Answer of `GET /v1/access`. */
interface AccessAnswer {
  readonly role: 'operator' | 'advertiser' | 'loopback';
  readonly advertiserId: string | null;
  readonly engine?: 'embedded' | 'cluster';
  readonly offers?: readonly string[];
}

/** The advertiser whose key the browser sends; null for who may see everything. */
export const advertiser = signal<string | null>(null);
/** What serves the page: a region of its own, or the gateway of a cluster. */
export const engine = signal<'embedded' | 'cluster'>('embedded');
/** What the server answers, as `GET /v1/live`; null where it does not say, and is taken to answer everything. */
const offers = signal<ReadonlySet<string> | null>(null);

/** The views that show an advertiser its own figures; the others are of the whole region. */
const ADVERTISER_VIEWS: ReadonlySet<Route['view']> = new Set([
  'ad',
  'figures',
  'campaigns',
  'campaign',
  'unknown',
]);

/** What each view is made of. */
const NEEDS: Readonly<Record<Exclude<Route['view'], 'unknown'>, string>> = {
  overview: 'GET /v1/live',
  ad: 'GET /v1/ad-minutes',
  regions: 'GET /v1/stores',
  figures: 'GET /v1/reports/figures',
  campaigns: 'GET /v1/budgets',
  campaign: 'GET /v1/campaigns/:campaignId/spend',
  orders: 'GET /v1/orders',
  order: 'GET /v1/orders/:orderId/explain',
  quarantine: 'GET /v1/quarantine',
  sql: 'POST /v1/sql',
};

export function isOffered(what: string): boolean {
  return offers.value?.has(what) !== false;
}

/** Whether the server has what the view is made of. */
export function hasView(view: Route['view']): boolean {
  return view === 'unknown' || isOffered(NEEDS[view]);
}

export function mayShow(view: Route['view']): boolean {
  return hasView(view) && (advertiser.value === null || ADVERTISER_VIEWS.has(view));
}

/** Finds out who reads, and what there is. A region that does not answer is asked for its figures all the same, and says then what is wrong. */
export async function askWhoReads(): Promise<void> {
  try {
    const answer = await getJson<AccessAnswer>('/v1/access', new AbortController().signal);
    advertiser.value = answer.advertiserId;
    engine.value = answer.engine ?? 'embedded';
    offers.value = answer.offers === undefined ? null : new Set(answer.offers);
  } catch {
    advertiser.value = null;
  }
}
