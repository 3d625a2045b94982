import { assert } from '../../base/assert.ts';
import { AdtallyError } from '../../base/errors.ts';

/**
 * Pieces of Flink SQL. Names come from our own code and are checked all the same; whatever comes from a spec or an address
 * stands in the text as a quoted value or a whole number, so none of it can become SQL.
 */

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** A table, view or column in backticks. */
export function name(word: string): string {
  assert(NAME.test(word), `${JSON.stringify(word)} is a name of SQL`);
  return `\`${word}\``;
}

export function names(columns: readonly string[]): string {
  return columns.map(name).join(', ');
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** A text literal. Throws config_invalid for one with control characters: no setting or address has any. */
export function text(value: string): string {
  if (CONTROL.test(value) || !value.isWellFormed()) {
    throw new AdtallyError(
      'config_invalid',
      `${JSON.stringify(value)} holds a control character or half of a surrogate pair; the jobs cannot be written with it.`,
    );
  }
  return `'${value.replaceAll("'", "''")}'`;
}

/** A whole number literal. */
export function whole(value: number): string {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is a whole number of SQL`);
  return String(value);
}

/** The separator of parts within a text; identifiers hold no control characters, so it stands below everything they hold. */
export const SEPARATOR = "U&'\\001F'";

/** Texts joined with SEPARATOR; expressions must not be NULL. */
export function joined(parts: readonly string[]): string {
  return parts.join(` || ${SEPARATOR} || `);
}

/** Part `index` of what `joined` made. */
export function part(expression: string, index: number): string {
  return `SPLIT_INDEX(${expression}, ${SEPARATOR}, ${whole(index)})`;
}

/**
 * A text that sorts as the UTF-8 of `expression` does. Flink compares texts as UTF-8 or as UTF-16, as it happens to hold
 * them; of hex digits both give the same order.
 */
export function sortable(expression: string): string {
  return `HEX(${expression})`;
}

/** The text that `sortable` was made of. */
export function unsortable(expression: string): string {
  return `DECODE(UNHEX(${expression}), 'UTF-8')`;
}

/** Digits that sort like the numbers they stand for: `expression` filled up with zeros. */
export function padded(expression: string, digits: number): string {
  return `LPAD(CAST(${expression} AS STRING), ${whole(digits)}, '0')`;
}

/**
 * Keeps the planner from writing an expression out once for each of its uses: what is behind a condition that it cannot
 * know is computed once.
 */
export function once(expression: string): string {
  return `CASE WHEN RAND() < 2 THEN ${expression} END`;
}

/** A key of a record id: its parts escaped as src/model/record-id.ts does it. */
export function recordKey(
  parts: readonly { readonly constant?: string; readonly column?: string }[],
): string {
  const escaped = parts.map(({ constant, column }) =>
    constant === undefined
      ? `REPLACE(REPLACE(${column}, '\\', '\\\\'), '|', '\\|')`
      : text(constant.replace(/[|\\]/g, String.raw`\$&`)),
  );
  return escaped.join(` || '|' || `);
}

/** The record id of a hash in column `hash`, 64 hex digits: UUIDv8, as src/model/record-id.ts makes it. */
export function recordIdOf(hash: string): string {
  const digits = (from: number, length: number): string => `SUBSTR(${hash}, ${from}, ${length})`;
  const variant = `TRANSLATE(${digits(17, 1)}, '0123456789abcdef', '89ab89ab89ab89ab')`;
  return [
    digits(1, 8),
    `'-' || ${digits(9, 4)}`,
    `'-8' || ${digits(14, 3)}`,
    `'-' || ${variant} || ${digits(18, 3)}`,
    `'-' || ${digits(21, 12)}`,
  ].join(' || ');
}

/** A JSON string of a column that holds no control characters, written as JSON.stringify does. */
export function jsonText(expression: string): string {
  return `'"' || REPLACE(REPLACE(${expression}, '\\', '\\\\'), '"', '\\"') || '"'`;
}

export function view(viewName: string, select: string): string {
  return `CREATE TEMPORARY VIEW ${name(viewName)} AS\n${select}`;
}

export function insert(table: string, select: string): string {
  return `INSERT INTO ${name(table)}\n${select}`;
}

/** Statements that run as one job. */
export function statementSet(inserts: readonly string[]): string {
  return `EXECUTE STATEMENT SET\nBEGIN\n${inserts.map((one) => `${one};`).join('\n')}\nEND`;
}
