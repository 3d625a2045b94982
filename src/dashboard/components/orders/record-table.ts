import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { AttributedOrder } from '../../../model/attributed-order.ts';
import { formatCount, formatMoney } from '../../format.ts';
import type { OrderAnswer } from '../../region-api.ts';
import { adHref } from '../../router.ts';
import { MODEL_WORDS, REASON_WORDS } from './order-words.ts';
import { isWithdrawn } from './withdrawn.ts';

/** The order's records as they go out: one per model and rank. */
export function RecordTable({ answer }: { answer: OrderAnswer }): VNode {
  const records = answer.records.toSorted(compareRecords);
  return html`<div class="table-scroll">
    <table class="records" aria-labelledby="records-title">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" class="number">Rank</th>
          <th scope="col">Ad</th>
          <th scope="col" class="wide">Campaign</th>
          <th scope="col" class="number">Credit</th>
          <th scope="col" class="number wide">Revision</th>
        </tr>
      </thead>
      <tbody>
        ${records.map(
          (record) =>
            html`<${RecordRow}
              key=${record.recordId}
              record=${record}
              isGone=${isWithdrawn(record, answer)}
            />`,
        )}
      </tbody>
    </table>
  </div>`;
}

function RecordRow({ record, isGone }: { record: AttributedOrder; isGone: boolean }): VNode {
  const { model, rank, adId, campaignId, reason, creditMicros, currency, revision } = record;
  return html`<tr data-withdrawn=${isGone}>
    <th scope="row">${MODEL_WORDS[model]}</th>
    <td class="number">${rank}</td>
    ${
      adId === null
        ? html`<td class="record-none">none: ${reason === null ? '' : REASON_WORDS[reason]}</td>`
        : html`<td class="id"><a href=${adHref(adId)} title=${adId}>${adId}</a></td>`
    }
    <td class="id wide" title=${campaignId}>${campaignId}</td>
    <td class="number">
      ${isGone && html`<span class="tag">withdrawn</span> `}${formatMoney(creditMicros, currency, { exact: true })}
    </td>
    <td class="number wide">${formatCount(revision)}</td>
  </tr>`;
}

function compareRecords(a: AttributedOrder, b: AttributedOrder): number {
  if (a.model === b.model) return a.rank - b.rank;
  return MODEL_ORDER.indexOf(a.model) - MODEL_ORDER.indexOf(b.model);
}

const MODEL_ORDER = Object.keys(MODEL_WORDS);
