/** Columns of text under their headings, for people; columns of numbers stand to the right. */
export function renderTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number | bigint)[])[],
): string {
  const cells = [headings, ...rows.map((row) => row.map(formatCell))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const toRight = headings.map(
    (_, column) =>
      rows.length > 0 && rows.every((row) => typeof row[column] !== 'string' || row[column] === '–'),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          toRight[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** 1234567 → "1,234,567". */
export function formatCount(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

/** "1 minute", "1,234 minutes". */
export function countOf(value: number | bigint, word: string, words = `${word}s`): string {
  return `${formatCount(value)} ${Number(value) === 1 ? word : words}`;
}

/** Micros of a currency as an amount: 1250000 → "1.25"; exact, at least two decimals. */
export function formatMicros(micros: number | bigint): string {
  const digits = micros.toString().padStart(7, '0');
  const whole = BigInt(digits.slice(0, -6)).toLocaleString('en-US');
  const fraction = digits.slice(-6).replace(/0{1,4}$/, '');
  return `${whole}.${fraction}`;
}

/** 8_388_608 → "8.4 MB". */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [size, unit] = [bytes, 0];
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

function formatCell(cell: string | number | bigint): string {
  return typeof cell === 'string' ? cell : formatCount(cell);
}
