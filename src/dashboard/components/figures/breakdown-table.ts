import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { FiguresAnswer, FiguresRow } from '../../answers/figures-answer.ts';
import { formatChange, formatCount } from '../../format.ts';
import { type FiguresChoice, figuresHref } from '../../address/figures-choice.ts';
import { mayShow } from '../../reader.ts';
import { adHref } from '../../router.ts';
import { useHoldStill } from '../hold-still.ts';
import { METRICS, metricText } from './metrics.ts';

interface BreakdownProps {
  readonly answer: FiguresAnswer;
  readonly choice: FiguresChoice;
  readonly currency: string;
}

/** What the figures are made of: advertisers, campaigns of one, ads of a campaign; those that cost most first. */
export function BreakdownTable({ answer, choice, currency }: BreakdownProps): VNode {
  const { shown, hold } = useHoldStill(answer);
  const rows = shown.rows.filter((row) => row.currency === currency);
  const kind = kindOf(choice);
  return html`<section class="figure-breakdown" aria-labelledby="breakdown-title">
    <div class="section-head">
      <h2 id="breakdown-title">${kind}s</h2>
      <p class="section-note">${noteOf(shown, rows)}</p>
    </div>
    <div class="table-scroll" tabindex="0" role="group" aria-labelledby="breakdown-title">
      <table class="ads" aria-labelledby="breakdown-title" ...${hold}>
        <thead>
          <tr>
            <th scope="col">${kind}</th>
            ${METRICS.map(({ name, label }) => html`<th key=${name} scope="col" class="number">${label}</th>`)}
            <th scope="col" class="number">Cost, change</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => html`<${Row} key=${row.id} row=${row} choice=${choice} />`)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function Row({ row, choice }: { row: FiguresRow; choice: FiguresChoice }): VNode {
  const id = row.id ?? '';
  const href = hrefOf(id, choice);
  return html`<tr>
    <th scope="row" class="id">${href === null ? id : html`<a href=${href} title=${id}>${id}</a>`}</th>
    ${METRICS.map((metric) => html`<td key=${metric.name} class="number">${metricText(metric, row, row.currency)}</td>`)}
    <td class="number">${formatChange(row.change?.costMicros ?? null)}</td>
  </tr>`;
}

function noteOf({ rows, found }: FiguresAnswer, shown: readonly FiguresRow[]): string {
  if (found > rows.length) return `the ${formatCount(rows.length)} that cost most of ${formatCount(found)}`;
  return shown.length === 0 ? 'none in this period' : 'those that cost most first';
}

function kindOf({ advertiserId, campaignId }: FiguresChoice): 'Advertiser' | 'Campaign' | 'Ad' {
  if (campaignId !== null) return 'Ad';
  return advertiserId === null ? 'Advertiser' : 'Campaign';
}

/** Null where there is no view of it. */
function hrefOf(id: string, choice: FiguresChoice): string | null {
  if (choice.campaignId !== null) return mayShow('ad') ? adHref(id) : null;
  const part = choice.advertiserId === null ? { advertiserId: id } : { campaignId: id };
  return figuresHref({ ...choice, ...part });
}
