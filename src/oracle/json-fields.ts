export type Check = (value: unknown) => string | null;

/** The known fields of an object with their checks, in the order in which they are looked at; the id comes first. */
export type FieldChecks = ReadonlyMap<string, Check>;

export interface FieldsReading {
  /** The fields as given; null when there is a fault. */
  readonly given: ReadonlyMap<string, unknown> | null;
  /** The first fault; null when there is none. */
  readonly code: string | null;
  /** The id where it could be read. */
  readonly id: string | null;
}

/** Reads an object from the bytes of one JSON text of 64 KiB at most. The first fault is the object's. */
export function readJsonFields(
  bytes: Uint8Array,
  checks: FieldChecks,
  required: readonly string[],
): FieldsReading {
  if (bytes.byteLength > 64 * 1024) return fault('too_large', null);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fault('bad_utf8', null);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return fault('malformed_json', null);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return fault('not_an_object', null);
  }
  const given = new Map<string, unknown>(Object.entries(parsed));
  const [idField] = checks.keys();
  const idValue = given.get(idField);
  const id = checkText(idValue) === null ? (idValue as string) : null;
  if (repeatsKey(text, checks)) return fault('duplicate_key', id);
  for (const [name, check] of checks) {
    const value = given.get(name) ?? null;
    const code = value === null ? (required.includes(name) ? 'missing_field' : null) : check(value);
    if (code !== null) return fault(code, id);
  }
  return { given, code: null, id };
}

function fault(code: string, id: string | null): FieldsReading {
  return { given: null, code, id };
}

export function checkText(value: unknown): string | null {
  if (typeof value !== 'string') return 'bad_type';
  if (value === '') return 'empty_field';
  let characters = 0;
  let badCharacter = false;
  for (const character of value) {
    const codePoint = character.codePointAt(0)!;
    const isControl = codePoint < 0x20 || codePoint === 0x7f;
    const isLoneSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    badCharacter ||= isControl || isLoneSurrogate;
    if (++characters > 128) return 'too_long';
  }
  return badCharacter ? 'bad_character' : null;
}

export function checkWholeNumber(value: unknown, min: number): string | null {
  if (typeof value !== 'number') return 'bad_type';
  if (value < min || value > 2 ** 53 - 1) return 'out_of_range';
  return value % 1 === 0 ? null : 'bad_type';
}

/** A text that is one of a few. */
export function checkWord(value: unknown, words: readonly string[]): string | null {
  if (typeof value !== 'string') return 'bad_type';
  return words.some((word) => word === value) ? null : 'bad_value';
}

export function checkCurrency(value: unknown): string | null {
  if (typeof value !== 'string') return 'bad_type';
  const isCapital = (at: number): boolean => value[at] >= 'A' && value[at] <= 'Z';
  return value.length === 3 && [0, 1, 2].every(isCapital) ? null : 'bad_currency';
}

/**
 * Whether a known key stands twice in the outermost object of `text`, which JSON.parse has accepted. JSON.parse itself keeps
 * only the last of them, so the keys are read once more: a string on depth 1 is a key when a colon follows it.
 */
function repeatsKey(text: string, known: FieldChecks): boolean {
  const seen = new Set<string>();
  let depth = 0;
  let position = 0;
  while (position < text.length) {
    const character = text[position];
    if (character === '{' || character === '[') depth++;
    if (character === '}' || character === ']') depth--;
    if (character !== '"') {
      position++;
      continue;
    }
    const end = endOfString(text, position);
    const isKey = depth === 1 && text.slice(end).trimStart().startsWith(':');
    const key = isKey ? (JSON.parse(text.slice(position, end)) as string) : null;
    if (key !== null && seen.has(key)) return true;
    if (key !== null && known.has(key)) seen.add(key);
    position = end;
  }
  return false;
}

/** The position behind the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (text[position] !== '"') position += text[position] === '\\' ? 2 : 1;
  return position + 1;
}
