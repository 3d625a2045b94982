import { type FiguresChoice, figuresHref, parseFigures } from './address/figures-choice.ts';

/** The views there are, as addresses after the `#`. A link to a view is always made here. */
export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'ad'; readonly adId: string; readonly minutes: number }
  | { readonly view: 'campaigns' }
  | { readonly view: 'campaign'; readonly campaignId: string }
  | { readonly view: 'regions' }
  | ({ readonly view: 'figures' } & FiguresChoice)
  | { readonly view: 'sql'; readonly sql: string }
  | { readonly view: 'quarantine' }
  | { readonly view: 'orders' }
  | { readonly view: 'order'; readonly orderId: string }
  | { readonly view: 'unknown'; readonly path: string };

/** How far back the chart of an ad may look, minutes. */
export const AD_RANGES = [15, 60, 360] as const;
const AD_RANGE_DEFAULT = 60;

/**
 * Reads `#/`, `#/regions`, `#/ad/AD-ID?minutes=60`, `#/figures/ADVERTISER/CAMPAIGN?…`, `#/campaigns`, `#/campaign/ID`, `#/orders`,
 * `#/order/ORDER-ID`, `#/quarantine` or `#/sql?q=…`.
 */
export function parseRoute(hash: string): Route {
  const [path, query] = splitOnce(hash.replace(/^#/, ''), '?');
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0) return { view: 'overview' };
  if (parts.length === 1 && parts[0] === 'regions') return { view: 'regions' };
  if (parts.length === 1 && parts[0] === 'sql')
    return { view: 'sql', sql: new URLSearchParams(query).get('q') ?? '' };
  const figures = parts[0] === 'figures' ? parseFigures(parts.slice(1), new URLSearchParams(query)) : null;
  if (figures !== null) return { view: 'figures', ...figures };
  if (parts.length === 1 && parts[0] === 'quarantine') return { view: 'quarantine' };
  if (parts.length === 1 && parts[0] === 'campaigns') return { view: 'campaigns' };
  const campaignId = parts.length === 2 && parts[0] === 'campaign' ? decode(parts[1]) : null;
  if (campaignId !== null) return { view: 'campaign', campaignId };
  if (parts.length === 1 && parts[0] === 'orders') return { view: 'orders' };
  const orderId = parts.length === 2 && parts[0] === 'order' ? decode(parts[1]) : null;
  if (orderId !== null) return { view: 'order', orderId };
  const adId = parts.length === 2 && parts[0] === 'ad' ? decode(parts[1]) : null;
  if (adId === null) return { view: 'unknown', path };
  return { view: 'ad', adId, minutes: readMinutes(new URLSearchParams(query).get('minutes')) };
}

/** The address of a view, as a `href`. */
export function routeHref(route: Exclude<Route, { view: 'unknown' }>): string {
  switch (route.view) {
    case 'overview':
      return '#/';
    case 'regions':
      return '#/regions';
    case 'figures':
      return figuresHref(route);
    case 'sql':
      return sqlHref(route.sql);
    case 'quarantine':
      return '#/quarantine';
    case 'campaigns':
      return '#/campaigns';
    case 'campaign':
      return campaignHref(route.campaignId);
    case 'orders':
      return '#/orders';
    case 'order':
      return orderHref(route.orderId);
    case 'ad':
      return adHref(route.adId, route.minutes);
    default:
      return route satisfies never;
  }
}

export function adHref(adId: string, minutes: number = AD_RANGE_DEFAULT): string {
  const query = minutes === AD_RANGE_DEFAULT ? '' : `?minutes=${minutes}`;
  return `#/ad/${encodeURIComponent(adId)}${query}`;
}

export function campaignHref(campaignId: string): string {
  return `#/campaign/${encodeURIComponent(campaignId)}`;
}

export function orderHref(orderId: string): string {
  return `#/order/${encodeURIComponent(orderId)}`;
}

export function sqlHref(sql: string): string {
  return sql === '' ? '#/sql' : `#/sql?q=${encodeURIComponent(sql)}`;
}

/** Calls `onRoute` now and whenever the address changes. */
export function followRoute(onRoute: (route: Route) => void): void {
  const read = (): void => onRoute(parseRoute(window.location.hash));
  window.addEventListener('hashchange', read);
  read();
}

function readMinutes(text: string | null): number {
  return AD_RANGES.find((minutes) => String(minutes) === text) ?? AD_RANGE_DEFAULT;
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
