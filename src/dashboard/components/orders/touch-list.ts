import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { Order } from '../../../model/order.ts';
import type { TouchExplanation } from '../../../model/touch.ts';
import { formatCount, formatMoment, formatMoney, formatSpan } from '../../format.ts';
import { adHref } from '../../router.ts';
import { timeZone } from '../../store.ts';
import { MODEL_WORDS } from './order-words.ts';

/** Of a user who saw thousands of ads the rest would only be long; those with credit are always listed. */
const LISTED_MOST = 200;

interface TouchListProps {
  readonly order: Order;
  /** Latest first. */
  readonly touches: readonly TouchExplanation[];
}

/** The touches that were considered, latest first, with the order in its place among them. */
export function TouchList({ order, touches }: TouchListProps): VNode {
  const listed = touches.filter(({ credits }, index) => index < LISTED_MOST || credits.length > 0);
  const isAfter = ({ touch }: TouchExplanation): boolean => touch.eventTime > order.orderTime;
  const items = (some: readonly TouchExplanation[]): VNode[] =>
    some.map(
      (each) =>
        html`<${TouchItem}
          key=${`${each.touch.region} ${each.touch.eventId}`}
          order=${order}
          explanation=${each}
        />`,
    );
  const left = touches.length - listed.length;
  return html`
    <ol class="timeline" aria-labelledby="touches-title">
      ${items(listed.filter(isAfter))}
      <li key="order" class="timeline-order">
        <${When} time=${order.orderTime} />
        <p class="timeline-what"><b>The order</b></p>
      </li>
      ${items(listed.filter((each) => !isAfter(each)))}
    </ol>
    ${touches.length === 0 && html`<p class="empty">No impression or click of this user was near enough in time.</p>`}
    ${left > 0 && html`<p class="empty">${formatCount(left)} more, none of them with credit.</p>`}
  `;
}

function TouchItem({ order, explanation }: { order: Order; explanation: TouchExplanation }): VNode {
  const { touch, message } = explanation;
  const [fate, fateText] = fateOf(explanation);
  return html`<li data-fate=${fate}>
    <${When} time=${touch.eventTime} distance=${distanceText(order.orderTime - touch.eventTime)} />
    <div class="timeline-what">
      <p class="touch-head">
        <span class="touch-type">${touch.eventType}</span>
        <a class="id" href=${adHref(touch.adId)}>${touch.adId}</a>
        <span class="tag">${fateText}</span>
      </p>
      <p class="touch-why">${creditText(order, explanation) ?? inWords(message)}</p>
      <p class="touch-of">
        <span class="id">${touch.campaignId}</span> · <span class="id">${touch.advertiserId}</span>
        ${touch.merchantId !== null && html` · for <span class="id">${touch.merchantId}</span>`}
      </p>
    </div>
  </li>`;
}

function When({ time, distance }: { time: number; distance?: string }): VNode {
  return html`<p class="timeline-when">
    <time datetime=${new Date(time).toISOString()}>${formatMoment(time, timeZone.value)}</time>
    ${distance !== undefined && html` <span class="muted">${distance}</span>`}
  </p>`;
}

function distanceText(beforeMs: number): string {
  return beforeMs < 0 ? `${formatSpan(-beforeMs)} after` : `${formatSpan(beforeMs)} before`;
}

function fateOf({ credits, reason, eligible }: TouchExplanation): readonly [string, string] {
  if (credits.length > 0) return ['credit', 'credit'];
  if (reason === null || eligible) return ['beaten', 'beaten'];
  return ['out', 'not eligible'];
}

/** The winner's message as money; null where the region's own words are as good. */
function creditText(order: Order, { touch, credits }: TouchExplanation): string | null {
  if (credits.length === 0 || order.orderStatus === 'cancelled') return null;
  const money = (micros: number): string => formatMoney(micros, order.currency, { exact: true });
  const shares = credits.map(({ model, creditMicros }) => `${money(creditMicros)} by ${MODEL_WORDS[model]}`);
  return `Of the order's ${money(order.amountMicros)} this ${touch.eventType} gets ${shares.join(' and ')}.`;
}

/** The region names models as its settings do. */
function inWords(message: string): string {
  return Object.entries(MODEL_WORDS).reduce((text, [model, words]) => text.replaceAll(model, words), message);
}
