import type { InvalidCode } from './verdict.ts';

/** A JSON object as it was parsed. */
export type JsonFields = Record<string, unknown>;

/** The fields of an object that adtally interprets; whatever else it holds may stand there any number of times. */
export interface KnownFields<Field extends string> {
  readonly byName: ReadonlyMap<string, Field>;
  /** In characters, as the longest of them may be written. */
  readonly keyLengthMax: number;
}

export type ObjectReading<Field extends string> =
  | { readonly ok: true; readonly fields: JsonFields }
  | {
      readonly ok: false;
      readonly code: InvalidCode;
      /** The field at fault; null when it is the object as a whole. */
      readonly field: Field | null;
      /** What was read all the same; null when there is no object. */
      readonly fields: JsonFields | null;
    };

export function knownFields<Field extends string>(fields: readonly Field[]): KnownFields<Field> {
  return {
    byName: new Map(fields.map((field) => [field, field])),
    // Every character of a key may be written as an escape of six.
    keyLengthMax: 6 * Math.max(...fields.map((field) => field.length)),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the bytes of one JSON value, of `bytesMax` at most, that must be an object. JSON.parse decides what is JSON; a known
 * field given twice is refused, because parsers disagree on which one counts.
 */
export function readJsonObject<Field extends string>(
  bytes: Uint8Array,
  known: KnownFields<Field>,
  bytesMax: number,
): ObjectReading<Field> {
  if (bytes.length > bytesMax) return noObject('too_large');
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return noObject('bad_utf8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return noObject('malformed_json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return noObject('not_an_object');
  const fields = value as JsonFields;
  const repeated = repeatedField(text, known);
  if (repeated !== null) return { ok: false, code: 'duplicate_key', field: repeated, fields };
  return { ok: true, fields };
}

/** The object's own value of `field`; undefined when it is absent, and JSON null counts as absent. */
export function ownField(fields: JsonFields, field: string): unknown {
  return Object.hasOwn(fields, field) ? (fields[field] ?? undefined) : undefined;
}

function noObject(code: InvalidCode): ObjectReading<never> {
  return { ok: false, code, field: null, fields: null };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** The first known field that stands twice at the top level of `text`, which is valid JSON of an object. */
function repeatedField<Field extends string>(text: string, known: KnownFields<Field>): Field | null {
  const seen = new Set<Field>();
  const hasEscapes = text.includes('\\');
  let depth = 0;
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = stringEnd(text, at, hasEscapes);
      const field = isKey && depth === 1 ? knownField(text, at, end, known) : undefined;
      if (field !== undefined && seen.has(field)) return field;
      if (field !== undefined) seen.add(field);
      if (depth === 1) isKey = false;
      at = end;
    } else if (char === 0x7b || char === 0x5b) {
      depth++;
      isKey = char === 0x7b;
    } else if (char === 0x7d || char === 0x5d) {
      depth--;
    } else if (char === COMMA) {
      isKey = depth === 1;
    }
  }
  return null;
}

/** The known field that the key between two quotes names. */
function knownField<Field extends string>(
  text: string,
  start: number,
  end: number,
  known: KnownFields<Field>,
): Field | undefined {
  if (end - start - 1 > known.keyLengthMax) return undefined;
  const key = text.slice(start + 1, end);
  return known.byName.get(key.includes('\\') ? (JSON.parse(`"${key}"`) as string) : key);
}

/** Index of the closing quote of the string that opens at `start`. */
function stringEnd(text: string, start: number, hasEscapes: boolean): number {
  if (!hasEscapes) return text.indexOf('"', start + 1);
  let at = start + 1;
  for (let char = text.charCodeAt(at); char !== QUOTE; char = text.charCodeAt(at)) {
    at += char === BACKSLASH ? 2 : 1;
  }
  return at;
}
