import { assert } from '../../base/assert.ts';
import { EVENT_FIELDS } from '../../model/ad-event.ts';
import { asciiWord } from './byte-words.ts';
import { COST_MICROS, EVENT_TIME } from './fingerprint.ts';

/**
 * How the scanner knows a field: by a pattern, its key with what follows in text without white space. The pattern of a
 * text field ends with the quote that opens its value (`"adId":"`), that of a time or cost with the colon.
 */
const PATTERNS = EVENT_FIELDS.map((name, field) =>
  field === EVENT_TIME || field === COST_MICROS ? `"${name}":` : `"${name}":"`,
);
const PATTERN_BYTES_MIN = 8;
const PATTERN_BYTES_MAX = 16;

/** The word at this offset tells the patterns apart: times SLOT_MULTIPLIER, its top bits are a slot. */
export const SLOT_OFFSET = 4;
export const SLOT_SHIFT = 27;
const SLOTS = 1 << (32 - SLOT_SHIFT);
/** A multiplier that gives every pattern a slot of its own. */
export const SLOT_MULTIPLIER = findSlotMultiplier();

/** A table of fields: by slot, where the field's entry begins; then an entry of so many words a field. */
const ENTRY_WORDS = 16;
/** Within an entry: the words at the begin of the pattern, and those that end 4 bytes and 0 bytes before its end. */
export const PATTERN_START = 0;
export const PATTERN_END = 2;
export const PATTERN_LENGTH = 4;
/** Index in EVENT_FIELDS. */
export const FIELD = 5;
/** 1 when the pattern ends with the opening quote of a text. */
export const IS_TEXT = 6;
/** Free for the owner of the table. */
export const OWN = 7;

/** Where the entry of a field begins. */
export function entryOf(field: number): number {
  return SLOTS + field * ENTRY_WORDS;
}

export function makeFieldTable(): Int32Array {
  const table = new Int32Array(entryOf(EVENT_FIELDS.length));
  // A slot without a field leads to some field all the same: the pattern decides.
  table.fill(entryOf(0), 0, SLOTS);
  PATTERNS.forEach((pattern, field) => {
    const { length } = pattern;
    assert(length >= PATTERN_BYTES_MIN && length <= PATTERN_BYTES_MAX, `four words cover ${pattern}`);
    const entry = entryOf(field);
    table[slotOf(pattern, SLOT_MULTIPLIER)] = entry;
    [0, 4, length - 8, length - 4].forEach((at, word) => {
      table[entry + PATTERN_START + word] = asciiWord(pattern.slice(at, at + 4));
    });
    table[entry + PATTERN_LENGTH] = length;
    table[entry + FIELD] = field;
    table[entry + IS_TEXT] = pattern.endsWith('"') ? 1 : 0;
  });
  return table;
}

/** The field whose name stands from `start` to `end`; EVENT_FIELDS.length for any other name. */
export function fieldNamed(view: DataView, start: number, end: number): number {
  for (let field = 0; field < EVENT_FIELDS.length; field++) {
    const name = EVENT_FIELDS[field];
    if (name.length !== end - start) continue;
    let at = 0;
    while (at < name.length && view.getUint8(start + at) === name.charCodeAt(at)) at++;
    if (at === name.length) return field;
  }
  return EVENT_FIELDS.length;
}

function findSlotMultiplier(): number {
  for (let multiplier = 0x9e3779b1 | 0; ; multiplier = (multiplier + 2) | 0) {
    const slots = new Set(PATTERNS.map((pattern) => slotOf(pattern, multiplier)));
    if (slots.size === PATTERNS.length) return multiplier;
  }
}

function slotOf(pattern: string, multiplier: number): number {
  return Math.imul(asciiWord(pattern.slice(SLOT_OFFSET, SLOT_OFFSET + 4)), multiplier) >>> SLOT_SHIFT;
}
