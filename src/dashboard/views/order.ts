import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatCount, formatMoment, formatMoney } from '../format.ts';
import { usePolling } from '../polling.ts';
import { type OrderAnswer, orderPath } from '../region-api.ts';
import { routeHref } from '../router.ts';
import { isStale, timeZone } from '../store.ts';
import { Enrichment } from '../components/orders/enrichment.ts';
import { OrderSearch } from '../components/id-search.ts';
import { RecordTable } from '../components/orders/record-table.ts';
import { TouchList } from '../components/orders/touch-list.ts';
import { Totals } from '../components/totals.ts';

const REFRESH_MS = 2000;

/** One order: who got the credit for it, and why everyone else did not. */
export function OrderView({ orderId }: { orderId: string }): VNode {
  const { data, error, isMissing } = usePolling<OrderAnswer>(orderId, () => orderPath(orderId), REFRESH_MS);
  return html`
    <div class="view-head">
      <div class="view-title">
        <p class="view-kind"><a href=${routeHref({ view: 'orders' })}>Orders</a></p>
        <h1 class="id">${orderId}</h1>
        <p class="view-note">${data !== null && !isMissing ? html`<${Parties} answer=${data} />` : null}</p>
      </div>
      <${OrderSearch} />
    </div>
    ${isMissing ? html`<${NotHeld} />` : html`<${State} data=${data} error=${error} />`}
  `;
}

function State({ data, error }: { data: OrderAnswer | null; error: string | null }): VNode {
  return html`
    ${error !== null && html`<p class="problem" role="alert">${error} Trying again.</p>`}
    ${data === null && error === null ? html`<p class="empty">Loading…</p>` : null}
    ${data !== null && html`<${Explanation} answer=${data} isOld=${error !== null || isStale.value} />`}
  `;
}

function Parties({ answer: { order } }: { answer: OrderAnswer }): VNode {
  return html`user <span class="id">${order.userId}</span> · merchant${' '}
    <span class="id">${order.merchantId}</span>`;
}

function Explanation({ answer, isOld }: { answer: OrderAnswer; isOld: boolean }): VNode {
  const { order, records, touches } = answer;
  return html`<div class="order-view" data-stale=${isOld}>
    <${Facts} answer=${answer} />
    <section class="order-section" aria-labelledby="records-title">
      <div class="section-head">
        <h2 id="records-title">Records</h2>
        <p class="section-note">one per model and rank; the credits of a model sum to the amount</p>
      </div>
      <${RecordTable} answer=${answer} />
    </section>
    <section class="order-section" aria-labelledby="touches-title">
      <div class="section-head">
        <h2 id="touches-title">Touches considered</h2>
        <p class="section-note">${formatCount(touches.length)}, latest first</p>
      </div>
      <${TouchList} order=${order} touches=${touches} />
    </section>
    <${Enrichment} record=${records[0]} />
  </div>`;
}

function Facts({ answer: { order, firstArrival } }: { answer: OrderAnswer }): VNode {
  const zone = timeZone.value;
  const figures = [
    ['Amount', formatMoney(order.amountMicros, order.currency, { exact: true })],
    ['Status', order.orderStatus],
    ['Version', formatCount(order.orderVersion)],
  ] as const;
  return html`<${Totals} figures=${figures} layout="order-totals" />
    <p class="view-note">
      Ordered ${formatMoment(order.orderTime, zone)}, first received ${formatMoment(firstArrival, zone)}.
    </p>`;
}

function NotHeld(): VNode {
  return html`<p class="empty" role="status">
    No order with this id is held. Is the id right, capitals too? Orders are let go of some time after their
    attribution window; one that still comes appears here by itself.
  </p>`;
}
