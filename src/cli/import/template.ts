import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';

/** One row of a file: its values by column. */
export type Row = readonly string[];

/** Makes the text of a field from a row. */
export type Template = (row: Row) => string;

const PART = /\{\{|\}\}|\{([^{}:]+)(?::(\d+))?\}|[{}]/g;

/**
 * Reads a template: text in which `{column}` stands for the value of a column, `{column:8}` for its first 8 characters,
 * and `{{` and `}}` for braces. Throws AdtallyError import_failed for an unknown column or a lone brace.
 */
export function compileTemplate(text: string, columns: readonly string[], usedBy: string): Template {
  const parts: (string | { readonly index: number; readonly length: number })[] = [];
  let end = 0;
  for (const match of text.matchAll(PART)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[1] !== undefined) {
      parts.push({ index: columnIndex(match[1], columns, usedBy), length: Number(match[2] ?? Infinity) });
    } else if (match[0].length === 2) parts.push(match[0][0]);
    else
      throw new AdtallyError(
        'import_failed',
        `${usedBy} is ${JSON.stringify(text)}: write "{{" for a brace.`,
      );
  }
  parts.push(text.slice(end));
  const needed = parts.filter((part) => part !== '');
  return (row) =>
    needed
      .map((part) => (typeof part === 'string' ? part : firstCharacters(row[part.index], part.length)))
      .join('');
}

function columnIndex(name: string, columns: readonly string[], usedBy: string): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  const hint = didYouMean(name, columns);
  throw new AdtallyError(
    'import_failed',
    `${usedBy} uses the column "${name}", but the file has ${columns.join(', ')}.${hint}`,
  );
}

function firstCharacters(value: string, length: number): string {
  return value.length <= length ? value : Array.from(value).slice(0, length).join('');
}
