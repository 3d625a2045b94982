import { assert } from '../../base/assert.ts';
import { EVENT_FIELDS } from '../../model/ad-event.ts';
import { asciiWord } from './byte-words.ts';
import { COST_MICROS, EVENT_TIME } from './fingerprint.ts';

/** Bytes compared from a key's first character on. */
const PATTERN_BYTES = 16;
/** Times SLOT_MULTIPLIER, then the top bits: a slot of SLOTS. */
export const SLOT_SHIFT = 27;

/** How a field follows its opening quote in text without white space: `adId":"`; times and costs may be numbers: `costMicros":`. */
const PATTERNS = EVENT_FIELDS.map((name, field) =>
  field === EVENT_TIME || field === COST_MICROS ? `${name}":` : `${name}":"`,
);

/** By field: 1 when its value is text, and the pattern ends with the opening quote. */
export const IS_TEXT = Uint8Array.from(PATTERNS, (pattern) => (pattern.endsWith('"') ? 1 : 0));
/** By field: length of its pattern. */
export const LENGTHS = Int32Array.from(PATTERNS, (pattern) => pattern.length);
/** By field, four words each: the pattern, and which bits of the text belong to it. */
export const WORDS = new Int32Array(EVENT_FIELDS.length * 4);
export const MASKS = new Int32Array(EVENT_FIELDS.length * 4);

PATTERNS.forEach((pattern, field) => {
  assert(pattern.length <= PATTERN_BYTES, `${pattern} fits in ${PATTERN_BYTES} bytes`);
  for (let word = 0; word < 4; word++) {
    const text = pattern.slice(word * 4, word * 4 + 4);
    WORDS[field * 4 + word] = asciiWord(text);
    MASKS[field * 4 + word] = asciiWord('\u00ff'.repeat(text.length));
  }
});

/** The word of characters 3 to 6 of a pattern tells the fields apart. */
export const SLOT_OFFSET = 3;
/** A multiplier that sends each field's word to a slot of its own. */
export const SLOT_MULTIPLIER = findMultiplier();
/** By slot: the only field whose key it can be. */
export const SLOTS = new Uint8Array(1 << (32 - SLOT_SHIFT));
PATTERNS.forEach((_, field) => {
  SLOTS[slotOf(field, SLOT_MULTIPLIER)] = field;
});

function findMultiplier(): number {
  for (let multiplier = 0x9e3779b1 | 0; ; multiplier = (multiplier + 2) | 0) {
    const slots = new Set(PATTERNS.map((_, field) => slotOf(field, multiplier)));
    if (slots.size === PATTERNS.length) return multiplier;
  }
}

function slotOf(field: number, multiplier: number): number {
  const word = asciiWord(PATTERNS[field].slice(SLOT_OFFSET, SLOT_OFFSET + 4));
  return Math.imul(word, multiplier) >>> SLOT_SHIFT;
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
