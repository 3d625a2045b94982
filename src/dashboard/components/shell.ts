import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { advertiser, engine, hasView, mayShow } from '../reader.ts';
import { FIGURES_DEFAULT, figuresHref } from '../address/figures-choice.ts';
import { type Route, routeHref } from '../router.ts';
import { frame, latest, route } from '../store.ts';
import { formatCount } from '../format.ts';
import { AdView } from '../views/ad.ts';
import { CampaignView } from '../views/campaign.ts';
import { CampaignsView } from '../views/campaigns.ts';
import { FiguresView } from '../views/figures.ts';
import { GatewayView } from '../views/gateway.ts';
import { OrderView } from '../views/order.ts';
import { OrdersView } from '../views/orders.ts';
import { OverviewView } from '../views/overview.ts';
import { QuarantineView } from '../views/quarantine.ts';
import { RegionsView } from '../views/regions.ts';
import { SqlView } from '../views/sql.ts';
import { AdSearch } from './id-search.ts';
import { Preferences } from './preferences.ts';
import { StatusStrip } from './status-strip.ts';

interface NavItem {
  readonly view: Route['view'];
  readonly href: string;
  readonly label: string;
  /** A figure beside the label. */
  readonly count?: () => string | null;
}

/** The views one can go to; a new view is a line here, a case in `viewOf`, and its address in router.ts. */
const NAV: readonly NavItem[] = [
  { view: 'overview', href: routeHref({ view: 'overview' }), label: 'Live' },
  { view: 'regions', href: routeHref({ view: 'regions' }), label: 'Regions' },
  { view: 'figures', href: figuresHref(FIGURES_DEFAULT), label: 'Figures' },
  { view: 'campaigns', href: routeHref({ view: 'campaigns' }), label: 'Campaigns' },
  {
    view: 'orders',
    href: routeHref({ view: 'orders' }),
    label: 'Orders',
    count: () => (frame.value === null ? null : formatCount(frame.value.orders.held)),
  },
  {
    view: 'quarantine',
    href: routeHref({ view: 'quarantine' }),
    label: 'Quarantine',
    count: () => (frame.value === null ? null : formatCount(frame.value.quarantined)),
  },
  { view: 'sql', href: routeHref({ view: 'sql', sql: '' }), label: 'SQL' },
];

/** The view in the navigation that one which is not in it belongs to. */
const PARENT: Partial<Record<Route['view'], Route['view']>> = { campaign: 'campaigns', order: 'orders' };

const NAV_OUTSIDE = [
  { href: '/docs', label: 'API reference' },
  { href: '/metrics', label: 'Metrics' },
] as const;

/** What stays in place while views change: header, state of the connection, navigation. */
export function Shell({ onRetry }: { onRetry: () => void }): VNode {
  const main = useRef<HTMLElement>(null);
  const { title, view } = viewOf(route.value);
  useEffect(() => {
    document.title = `${title} · adtally`;
  }, [title]);
  useFocusOnChange(main, title);
  return html`
    <a class="skip" href="#main" onClick=${(event: Event) => skipTo(event, main.current)}
      >Skip to the figures</a
    >
    <header class="header">
      <a class="brand" href=${routeHref({ view: 'overview' })}>
        <img src="/assets/dashboard/mark.svg" alt="" width="22" height="22" />adtally
      </a>
      <${Region} />
      ${mayShow('ad') && html`<${AdSearch} />`}
      <${Preferences} />
    </header>
    <${StatusStrip} onRetry=${onRetry} />
    <div class="body">
      <${Navigation} />
      <main class="main" id="main" tabindex="-1" ref=${main}>${view}</main>
    </div>
  `;
}

function Region(): VNode {
  const name = latest.value?.region;
  const what = engine.value === 'cluster' ? 'cluster, region' : 'region';
  return html`<span class="region">${name === undefined ? '' : html`${what} <b>${name}</b>`}</span>`;
}

function Navigation(): VNode {
  return html`
    <nav class="nav" aria-label="Views">
      <ul>
        ${NAV.filter((item) => mayShow(item.view)).map(({ view, href, label, count }) => {
          const { view: shown } = route.value;
          const current = shown === view ? 'page' : PARENT[shown] === view ? 'true' : undefined;
          const figure = count?.() ?? null;
          return html`<li key=${view}>
            <a href=${href} aria-current=${current}
              >${label}${figure !== null && html` <span class="nav-count">${figure}</span>`}</a
            >
          </li>`;
        })}
      </ul>
      <ul class="nav-outside">
        ${(advertiser.value === null ? NAV_OUTSIDE : []).map(({ href, label }) => html`<li key=${href}><a href=${href}>${label}</a></li>`)}
      </ul>
    </nav>
  `;
}

function viewOf(current: Route): { title: string; view: VNode } {
  if (!mayShow(current.view)) return elsewhere(current);
  switch (current.view) {
    case 'overview':
      return {
        title: 'Live',
        view: engine.value === 'cluster' ? html`<${GatewayView} />` : html`<${OverviewView} />`,
      };
    case 'ad': {
      const { adId, minutes } = current;
      return { title: adId, view: html`<${AdView} key=${adId} adId=${adId} minutes=${minutes} />` };
    }
    case 'campaigns':
      return { title: 'Campaigns', view: html`<${CampaignsView} />` };
    case 'campaign': {
      const { campaignId } = current;
      return {
        title: campaignId,
        view: html`<${CampaignView} key=${campaignId} campaignId=${campaignId} />`,
      };
    }
    case 'regions':
      return { title: 'Regions', view: html`<${RegionsView} />` };
    case 'figures': {
      const title = current.campaignId ?? current.advertiserId ?? 'Figures';
      return { title, view: html`<${FiguresView} key=${title} choice=${current} />` };
    }
    case 'sql':
      return { title: 'SQL', view: html`<${SqlView} given=${current.sql} />` };
    case 'quarantine':
      return { title: 'Quarantine', view: html`<${QuarantineView} />` };
    case 'orders':
      return { title: 'Orders', view: html`<${OrdersView} />` };
    case 'order': {
      const { orderId } = current;
      return { title: `Order ${orderId}`, view: html`<${OrderView} key=${orderId} orderId=${orderId} />` };
    }
    default:
      return { title: 'Not here', view: html`<${UnknownView} path=${current.path} />` };
  }
}

/**
 * For an advertiser: the page begins with the campaigns, or where there are none with the figures, and says of other views whom
 * they are for.
 */
function elsewhere({ view }: Route): { title: string; view: VNode } {
  if (!hasView(view)) return { title: 'Not served here', view: html`<${AbsentView} />` };
  if (view === 'overview') {
    return mayShow('campaigns')
      ? { title: 'Campaigns', view: html`<${CampaignsView} />` }
      : { title: 'Figures', view: html`<${FiguresView} choice=${FIGURES_DEFAULT} />` };
  }
  return { title: 'Not for this key', view: html`<${OperatorView} />` };
}

function AbsentView(): VNode {
  return html`
    <h1>This server does not have this view</h1>
    <p class="empty">
      It shows what the server that it comes from can tell.
      <a href=${routeHref({ view: 'overview' })}>Go to what there is</a>.
    </p>
  `;
}

function OperatorView(): VNode {
  return html`
    <h1>This view needs an operator’s key</h1>
    <p class="empty">
      It shows figures of more than one advertiser.
      <a href=${routeHref({ view: 'overview' })}>Go to the figures of ${advertiser.value}</a>.
    </p>
  `;
}

function UnknownView({ path }: { path: string }): VNode {
  return html`
    <h1>There is no such view</h1>
    <p class="empty">
      <code>#${path}</code> leads nowhere.
      <a href=${routeHref({ view: 'overview' })}>Go to the live figures</a>.
    </p>
  `;
}

/** A change of view moves the focus into it, as a page load would; not on the first one. */
function useFocusOnChange(target: { current: HTMLElement | null }, title: string): void {
  const shown = useRef(title);
  useEffect(() => {
    if (shown.current === title) return;
    shown.current = title;
    target.current?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }, [title]);
}

/** The link's own address would be taken for a view. */
function skipTo(event: Event, target: HTMLElement | null): void {
  event.preventDefault();
  target?.focus();
}
