import { csvLine } from '../../base/csv.ts';
import type { SqlAnswer, SqlCell } from '../../reporting/sql-answer.ts';
import { exactJson } from '../../server/exact-json.ts';
import { countOf } from '../table.ts';

const NUMBER_TYPE = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL|FLOAT|DOUBLE|BIGNUM)/;
/** What a terminal would take for a command. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A table for people: numbers to the right, every digit of them; how many rows below it. */
export function sqlTable({ columns, rows, truncated, ms }: SqlAnswer): string {
  const cells = [columns.map(({ name }) => visible(name)), ...rows.map((row) => row.map(cellText))];
  const widths = columns.map((_, n) => cells.reduce((width, row) => Math.max(width, row[n].length), 0));
  const lines = cells.map((row) =>
    row
      .map((cell, n) =>
        NUMBER_TYPE.test(columns[n].type) ? cell.padStart(widths[n]) : cell.padEnd(widths[n]),
      )
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  const more = truncated ? ', and there are more' : '';
  return `${lines.join('\n')}\n(${countOf(rows.length, 'row')}${more}, ${ms} ms)`;
}

/** CSV with a header; lists and structs as JSON. The last line has no end. */
export function sqlCsv({ columns, rows }: SqlAnswer): string {
  const lines = rows.map((row) =>
    csvLine(row.map((cell) => (typeof cell === 'object' && cell !== null ? exactJson(cell) : cell))),
  );
  return [csvLine(columns.map(({ name }) => name)), ...lines].join('').trimEnd();
}

function cellText(cell: SqlCell): string {
  if (cell === null) return 'NULL';
  return visible(typeof cell === 'object' ? exactJson(cell) : String(cell));
}

function visible(text: string): string {
  return text.replaceAll(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
