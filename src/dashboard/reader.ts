import { signal } from '@preact/signals';
import { getJson } from './region-api.ts';
import type { Route } from './router.ts';

/** Answer of `GET /v1/access`. */
interface AccessAnswer {
  readonly role: 'operator' | 'advertiser' | 'loopback';
  readonly advertiserId: string | null;
}

/** The advertiser whose key the browser sends; null for who may see everything. */
export const advertiser = signal<string | null>(null);

/** The views that show an advertiser its own figures; the others are of the whole region. */
const ADVERTISER_VIEWS: ReadonlySet<Route['view']> = new Set([
  'ad',
  'figures',
  'campaigns',
  'campaign',
  'unknown',
]);

export function mayShow(view: Route['view']): boolean {
  return advertiser.value === null || ADVERTISER_VIEWS.has(view);
}

/** Finds out who reads. A region that does not answer is asked for its figures all the same, and says then what is wrong. */
export async function askWhoReads(): Promise<void> {
  try {
    const { advertiserId } = await getJson<AccessAnswer>('/v1/access', new AbortController().signal);
    advertiser.value = advertiserId;
  } catch {
    advertiser.value = null;
  }
}
