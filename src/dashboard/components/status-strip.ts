import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatClock, formatLatency } from '../format.ts';
import { advertiser } from '../reader.ts';
import { arrival, connection, frame, latest, timeZone } from '../store.ts';
import { Failover } from './regions/failover.ts';

/** One line of constant height under the header: is this live, and of when are the figures. */
export function StatusStrip({ onRetry }: { onRetry: () => void }): VNode {
  if (advertiser.value !== null) return html`<${Reader} />`;
  const state = connection.value;
  const of = latest.value === null ? null : formatClock(latest.value.at, timeZone.value);
  return html`
    <section class="strip" data-state=${state} aria-label="Connection">
      <span class="strip-state"><span class="dot" aria-hidden="true"></span>${STATE_LABEL[state]}</span>
      <span class="strip-text">${explain(of)}</span>
      <${Failover} />
      ${state === 'live' ? html`<${Freshness} />` : html`<${Retry} onRetry=${onRetry} />`}
      <span class="sr-only" role="status">${STATE_LABEL[state]}</span>
    </section>
  `;
}

/** An advertiser has no live figures; each view fetches its own. */
function Reader(): VNode {
  return html`<section class="strip" data-state="live" aria-label="Whose figures these are">
    <span class="strip-text">figures of <b>${advertiser.value}</b> only</span>
  </section>`;
}

const STATE_LABEL = { connecting: 'Connecting', live: 'Live', lost: 'Connection lost' } as const;

function explain(of: string | null): VNode | string {
  if (connection.value === 'live') return html`figures of <time>${of}</time>${cameText()}`;
  if (connection.value === 'connecting') return 'waiting for figures';
  if (of === null) return 'no figures yet; trying again';
  return html`figures are of <time>${of}</time>; trying again`;
}

/** After the page of another region has gone on here. */
function cameText(): VNode | string {
  const { from } = arrival;
  if (from === null || from === latest.value?.region) return '';
  return html` · here since region <b>${from}</b> did not answer`;
}

function Freshness(): VNode | null {
  if (frame.value === null) return null;
  const { p50Ms, p99Ms } = frame.value.freshness;
  if (p99Ms === null) return html`<span class="strip-fresh">no new events in the last 10 s</span>`;
  return html`<span class="strip-fresh">
    <span class="wide">accepted → visible</span>
    <span>p50 <b>${formatLatency(p50Ms)}</b></span>
    <span>p99 <b>${formatLatency(p99Ms)}</b></span>
  </span>`;
}

function Retry({ onRetry }: { onRetry: () => void }): VNode | null {
  if (connection.value !== 'lost') return null;
  return html`<button class="strip-retry" type="button" onClick=${onRetry}>Try now</button>`;
}
