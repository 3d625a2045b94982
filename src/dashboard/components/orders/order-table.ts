import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatMoment, formatMoney, formatSpan } from '../../format.ts';
import { adHref, orderHref } from '../../router.ts';
import { timeZone } from '../../store.ts';
import type { OrderLine } from './order-line.ts';
import { ENRICHMENT_WORDS, REASON_WORDS, statusText } from './order-words.ts';

interface OrderTableProps {
  readonly lines: readonly OrderLine[];
  /** Attributes of the table, for holding it still. */
  readonly hold: Readonly<Record<string, () => void>>;
}

/**
 * The orders, newest change first. A row is a place that orders pass through, and all rows are of one height: what comes in at
 * the top changes the words in them and moves nothing.
 */
export function OrderTable({ lines, hold }: OrderTableProps): VNode {
  const isEnriched = lines.some(({ first }) => first.enrichmentStatus !== null);
  return html`<div class="orders-place">
    <table class="orders" data-enriched=${isEnriched} ...${hold}>
      <caption class="sr-only">
        Orders, newest change first
      </caption>
      <thead>
        <tr>
          <th scope="col" class="order-time">Ordered</th>
          <th scope="col" class="order-id">Order</th>
          <th scope="col" class="order-status">Status</th>
          <th scope="col" class="order-amount number">Amount</th>
          <th scope="col" class="order-outcome">Attributed to</th>
          ${isEnriched && html`<th scope="col" class="order-enrichment">Enrichment</th>`}
        </tr>
      </thead>
      <tbody>
        ${lines.map((line, place) => html`<${OrderRow} key=${place} line=${line} isEnriched=${isEnriched} />`)}
      </tbody>
    </table>
  </div>`;
}

function OrderRow({ line, isEnriched }: { line: OrderLine; isEnriched: boolean }): VNode {
  const { first } = line;
  const { orderId, orderStatus, orderVersion, orderTime, amountMicros, currency, enrichmentStatus } = first;
  const status = statusText(orderStatus, orderVersion);
  return html`<tr data-outcome=${first.outcome} data-status=${orderStatus}>
    <td class="order-time">${formatMoment(orderTime, timeZone.value)}</td>
    <th scope="row" class="order-id id"><a href=${orderHref(orderId)} title=${orderId}>${orderId}</a></th>
    <td class="order-status" title=${status}>${status}</td>
    <td class="order-amount number">${formatMoney(amountMicros, currency, { exact: true })}</td>
    <td class="order-outcome"><${Outcome} line=${line} /></td>
    ${
      isEnriched &&
      html`<td class="order-enrichment" data-enrichment=${enrichmentStatus}>
        ${enrichmentStatus === null ? '' : ENRICHMENT_WORDS[enrichmentStatus]}
      </td>`
    }
  </tr>`;
}

function Outcome({ line: { first, sharers } }: { line: OrderLine }): VNode {
  const { adId, touchType, touchTime, orderTime, reason } = first;
  if (adId === null || touchTime === null) {
    const why = reason === null ? '' : `: ${REASON_WORDS[reason]}`;
    return html`<span class="outcome-none" title=${`not attributed${why}`}>not attributed${why}</span>`;
  }
  const kind = touchType === 'click' ? 'click' : 'view';
  const more = sharers === 0 ? '' : `, and ${sharers} more`;
  return html`<span class="outcome">
    <span class="dot" aria-hidden="true"></span>
    <a class="id outcome-ad" href=${adHref(adId)} title=${adId}>${adId}</a>
    <span class="outcome-how">by ${kind}, ${formatSpan(orderTime - touchTime)} before${more}</span>
  </span>`;
}
