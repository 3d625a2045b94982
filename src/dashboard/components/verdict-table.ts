import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { LiveFrame } from '../../model/live.ts';
import type { Verdict, VerdictCounts } from '../../model/verdict.ts';
import { formatCount, formatShare } from '../format.ts';

const MEANINGS: Record<Verdict, string> = {
  counted: 'First of its id: it is in the figures.',
  duplicate: 'Id seen before, same content: a retry, not counted again.',
  conflict: 'Id seen before, other content: the first one stands.',
  late: 'Older than the greatest event age when it arrived.',
  future: 'Further ahead than the clock skew allows.',
  invalid: 'Not a valid event; quarantine says why.',
};
const VERDICTS = Object.keys(MEANINGS) as Verdict[];

interface VerdictTableProps {
  /** Null where only those that have a verdict are known. */
  readonly received: number | null;
  readonly verdicts: VerdictCounts;
}

/** What became of every event received, and the proof that none is missing. */
export function VerdictTable({ received, verdicts }: VerdictTableProps): VNode {
  const all = received ?? sumOf(verdicts);
  return html`
    <table class="verdicts">
      <caption class="sr-only">
        Events by verdict
      </caption>
      <thead>
        <tr>
          <th scope="col">Verdict</th>
          <th scope="col" class="number">Events</th>
          <th scope="col" class="number">Share</th>
          <th scope="col" class="meaning">Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${VERDICTS.map(
          (verdict) =>
            html`<tr key=${verdict} data-verdict=${verdict} data-none=${verdicts[verdict] === 0}>
              <th scope="row"><span class="dot" aria-hidden="true"></span>${verdict}</th>
              <td class="number">${formatCount(verdicts[verdict])}</td>
              <td class="number">${formatShare(verdicts[verdict], all)}</td>
              <td class="meaning">${MEANINGS[verdict]}</td>
            </tr>`,
        )}
      </tbody>
      <tfoot>
        ${received === null ? html`<${Judged} sum=${all} />` : html`<${Balance} received=${received} verdicts=${verdicts} />`}
      </tfoot>
    </table>
  `;
}

function sumOf(verdicts: VerdictCounts): number {
  return VERDICTS.reduce((total, verdict) => total + verdicts[verdict], 0);
}

function Judged({ sum }: { sum: number }): VNode {
  return html`<tr class="balance">
    <th scope="row">judged</th>
    <td class="number">${formatCount(sum)}</td>
    <td class="number">${formatShare(sum, sum)}</td>
    <td class="balance-proof meaning">
      That nothing is missing, <code>adtally audit --cluster</code> proves.
    </td>
  </tr>`;
}

function Balance({ received, verdicts }: Pick<LiveFrame, 'received' | 'verdicts'>): VNode {
  const sum = sumOf(verdicts);
  const balanced = sum === received;
  return html`<tr class="balance" data-balanced=${balanced}>
    <th scope="row">received</th>
    <td class="number">${formatCount(received)}</td>
    <td class="number">${formatShare(sum, received)}</td>
    <td class="balance-proof meaning">
      ${
        balanced
          ? html`<b>= sum of verdicts <span aria-hidden="true">✓</span></b>`
          : html`<b>≠ sum of verdicts, ${formatCount(sum)}.</b> Run <code>adtally audit</code>.`
      }
    </td>
  </tr>`;
}
