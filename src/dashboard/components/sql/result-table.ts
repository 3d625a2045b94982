import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { SqlAnswer, SqlCell, SqlColumn } from '../../answers/sql-answer.ts';
import { formatCount, formatLatency } from '../../format.ts';
import { answerCsv, cellText, isNumeric } from './cell-text.ts';

/** More rows make a browser slow; the CSV has all of the answer. */
const ROWS_SHOWN = 1000;

/** What a query brought. */
export function ResultTable({ answer }: { answer: SqlAnswer }): VNode {
  const { columns, rows } = answer;
  return html`<section class="sql-result" aria-label="Result">
    <div class="section-head">
      <p class="section-note" role="status">${describe(answer)}</p>
      <${CsvCopy} answer=${answer} />
    </div>
    <div class="table-scroll" tabindex="0" role="group" aria-label="Rows of the result">
      <table>
        <thead>
          <tr>
            ${columns.map(
              (column, index) =>
                html`<th key=${index} scope="col" class=${isNumeric(column) ? 'number' : ''}>
                  ${column.name} <span class="sql-type">${column.type.toLowerCase()}</span>
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, ROWS_SHOWN).map((row, at) => html`<${Row} key=${at} row=${row} columns=${columns} />`)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function Row({ row, columns }: { row: readonly SqlCell[]; columns: readonly SqlColumn[] }): VNode {
  return html`<tr>
    ${row.map(
      (cell, index) =>
        html`<td key=${index} class=${isNumeric(columns[index]) ? 'number' : 'sql-text'}>
          ${cell === null ? html`<span class="muted">null</span>` : cellText(cell)}
        </td>`,
    )}
  </tr>`;
}

function describe({ rows, truncated, ms }: SqlAnswer): string {
  const count = `${formatCount(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`;
  const more = truncated ? `the first ${count}; there are more` : count;
  const shown = rows.length > ROWS_SHOWN ? `, ${formatCount(ROWS_SHOWN)} of them shown; the CSV has all` : '';
  return `${more}${shown}, in ${formatLatency(ms)}`;
}

function CsvCopy({ answer }: { answer: SqlAnswer }): VNode {
  const [said, say] = useState('');
  const copy = (): void => {
    navigator.clipboard.writeText(answerCsv(answer)).then(
      () => say('Copied.'),
      () => say('The browser does not let this page copy.'),
    );
  };
  return html`<span class="sql-copy">
    <span role="status">${said}</span>
    <button class="button" type="button" onClick=${copy}>Copy as CSV</button>
  </span>`;
}
