import type { SqlAnswer, SqlCell, SqlColumn } from '../../answers/sql-answer.ts';

const NUMBER_TYPE = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL|DOUBLE|FLOAT|BIGNUM)/;

/** Whether the column's cells are numbers, to be set under each other. */
export function isNumeric({ type }: SqlColumn): boolean {
  return NUMBER_TYPE.test(type);
}

/** A cell as it is shown and copied: all digits of a number, nothing added. */
export function cellText(cell: SqlCell): string {
  if (cell === null) return '';
  if (typeof cell === 'object') return nestedText(cell);
  return String(cell);
}

/** A header, then one row a line (RFC 4180); what a spreadsheet would run as a formula gets a leading quote. */
export function answerCsv({ columns, rows }: SqlAnswer): string {
  const lines = [
    columns.map(({ name }) => csvField(guarded(name))),
    ...rows.map((row) =>
      row.map((cell, index) => {
        const text = cellText(cell);
        return csvField(isNumeric(columns[index]) ? text : guarded(text));
      }),
    ),
  ];
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

/** Lists and structs as JSON writes them, whole numbers exact. */
function nestedText(cell: SqlCell): string {
  if (typeof cell === 'bigint') return String(cell);
  if (cell === null || typeof cell !== 'object') return JSON.stringify(cell);
  if (Array.isArray(cell)) return `[${cell.map((member: SqlCell) => nestedText(member)).join(', ')}]`;
  const members = Object.entries(cell as Readonly<Record<string, SqlCell>>);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${nestedText(member)}`).join(', ')}}`;
}

function guarded(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
