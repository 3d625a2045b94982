import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { LiveFrame } from '../../model/live.ts';
import { formatCount, formatLatency, formatRate, formatSize } from '../format.ts';
import { routeHref } from '../router.ts';
import { connection, frame, isStale } from '../store.ts';
import { Announcer } from '../components/announcer.ts';
import { RateChart } from '../components/rate-chart.ts';
import { TopAds } from '../components/top-ads.ts';
import { VerdictTable } from '../components/verdict-table.ts';

/** Before the first frame the page has its shape already, so nothing jumps when the figures come. */
const NOTHING_YET: LiveFrame = {
  at: 0,
  region: '',
  received: 0,
  verdicts: { counted: 0, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 },
  eventsPerSecond: 0,
  freshness: { p50Ms: null, p99Ms: null },
  records: 0,
  pendingBytes: 0,
  quarantined: 0,
  orders: { received: 0, held: 0, pending: 0 },
  peer: null,
  topAds: [],
};

export function OverviewView(): VNode {
  const current = frame.value ?? NOTHING_YET;
  return html`
    <h1 class="sr-only">Live figures</h1>
    <div class="overview" data-stale=${isStale.value} data-waiting=${frame.value === null}>
      <section class="hero" aria-label="Events counted">
        <${Headline} counted=${current.verdicts.counted} eventsPerSecond=${current.eventsPerSecond} />
        <div class="hero-chart"><${RateChart} /></div>
      </section>
      ${frame.value !== null && current.received === 0 ? html`<${NoEvents} />` : null}
      <section class="verdict-section" aria-labelledby="verdicts-title">
        <div class="section-head">
          <h2 id="verdicts-title">Verdicts</h2>
          <p class="section-note">every event received has exactly one</p>
        </div>
        <${VerdictTable} received=${current.received} verdicts=${current.verdicts} />
      </section>
      <section class="state-section" aria-labelledby="state-title">
        <div class="section-head"><h2 id="state-title">Region</h2></div>
        <${RegionState} current=${current} />
      </section>
      <section class="ads-section" aria-labelledby="top-ads"><${TopAds} ads=${current.topAds} /></section>
    </div>
    <${Announcer} />
  `;
}

function Headline({ counted, eventsPerSecond }: { counted: number; eventsPerSecond: number }): VNode {
  const isWaiting = frame.value === null;
  const figure = isWaiting ? '–' : formatCount(counted);
  return html`<div class="headline">
    <p class="headline-label">events counted, exactly once</p>
    <p class="headline-figure" style=${{ '--characters': Math.max(figure.length, 7) }}>${figure}</p>
    <p class="headline-rate">
      ${isWaiting ? waitingText() : html`<b>${formatRate(eventsPerSecond)}</b> events per second`}
    </p>
  </div>`;
}

function waitingText(): string {
  return connection.value === 'lost'
    ? 'The region does not answer. Is it running?'
    : 'Waiting for the region…';
}

function RegionState({ current }: { current: LiveFrame }): VNode {
  const { p50Ms, p99Ms } = current.freshness;
  return html`<dl class="facts">
    <div>
      <dt>Accepted to visible, p50</dt>
      <dd>${formatLatency(p50Ms)}</dd>
    </div>
    <div>
      <dt>Accepted to visible, p99</dt>
      <dd>${formatLatency(p99Ms)}</dd>
    </div>
    <div>
      <dt>Ad minutes held</dt>
      <dd>${formatCount(current.records)}</dd>
    </div>
    <div>
      <dt>Waiting for the disk</dt>
      <dd>${formatSize(current.pendingBytes)}</dd>
    </div>
    <div>
      <dt><a href=${routeHref({ view: 'orders' })}>Orders received</a></dt>
      <dd>${formatCount(current.orders.received)}</dd>
    </div>
    <div>
      <dt>Orders waiting for enrichment</dt>
      <dd>${formatCount(current.orders.pending)}</dd>
    </div>
    <div>
      <dt><a href=${routeHref({ view: 'quarantine' })}>In quarantine</a></dt>
      <dd>${formatCount(current.quarantined)}</dd>
    </div>
  </dl>`;
}

function NoEvents(): VNode {
  return html`<section class="call" aria-label="No events yet">
    <h2>No events yet</h2>
    <p>
      Run <code>adtally generate</code> for sample traffic, or send your own to <code>POST /v1/events</code>.
      The <a href="/docs"> API reference</a> shows how. The figures appear here by themselves.
    </p>
  </section>`;
}
