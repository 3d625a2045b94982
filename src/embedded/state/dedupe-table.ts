import { ENTRY_WORDS, GROUP_HEADER_WORDS, PARTITION_SHIFT, REST, TAGS, TAG_SHIFT } from './dedupe-entry.ts';

/**
 * The table of one partition: open addressing, linear probing. First the heads, word 0 of the entry in each slot with its
 * tag on top, close together so that a probe stays within a cache line or two; then the bodies, words 1 to 4 of each.
 * Word 1 is the hash. One slot at least is empty.
 */
export type DedupeTable = Int32Array<ArrayBuffer>;

export const BODY_WORDS = ENTRY_WORDS - 1;
/** A fuller table makes probes long, an emptier one wastes memory. */
const LOAD_MAX = 0.9;
const GROWTH = 1.15;
const SLOTS_MIN = 64;
const TWO_POW_MINUS_32 = 2 ** -32;

/** What a partition has before its first entry: one empty slot. */
export const NO_TABLE: DedupeTable = new Int32Array(ENTRY_WORDS);

/** Entries that fit in so many slots before the table is rebuilt. */
export function entriesMax(slots: number): number {
  return Math.floor(slots * LOAD_MAX - 0.5);
}

/**
 * The fewest slots for so many entries. Sizes form a geometric ladder, shifted from partition to partition by `stagger`
 * within [0, 1): partitions, filled evenly, grow one after the other and never together.
 */
export function slotsFor(entries: number, stagger: number): number {
  const ratio = Math.max(1, entries / LOAD_MAX / SLOTS_MIN);
  let step = Math.floor(Math.log(ratio) / Math.log(GROWTH) - stagger);
  for (;;) {
    const slots = Math.ceil(SLOTS_MIN * GROWTH ** (step + stagger));
    if (slots >= SLOTS_MIN && entriesMax(slots) >= entries) return slots;
    step++;
  }
}

/** The slot where the search for a hash begins. It grows with the hash, so that a rebuild reads and writes in order. */
export function homeSlot(hash: number, slots: number): number {
  return ((hash >>> 0) * slots * TWO_POW_MINUS_32) | 0;
}

/** The first empty slot for a hash. */
export function freeSlot(table: DedupeTable, slots: number, hash: number): number {
  let slot = homeSlot(hash, slots);
  while (table[slot] !== 0) {
    slot++;
    if (slot === slots) slot = 0;
  }
  return slot;
}

/** Copies the entries that may not be dropped into an empty table. Returns their number. */
export function refill(from: DedupeTable, into: DedupeTable, droppable: Uint8Array): number {
  const fromSlots = from.length / ENTRY_WORDS;
  const slots = into.length / ENTRY_WORDS;
  let kept = 0;
  for (let slot = 0, body = fromSlots; slot < fromSlots; slot++, body += BODY_WORDS) {
    const head = from[slot];
    if (head === 0 || droppable[head >>> TAG_SHIFT] !== 0) continue;
    const to = freeSlot(into, slots, from[body]);
    into[to] = head;
    copyBody(from, body, into, slots + to * BODY_WORDS);
    kept++;
  }
  return kept;
}

/** Drops what may be dropped, in place. Returns the number of entries left. */
export function purge(table: DedupeTable, droppable: Uint8Array): number {
  const slots = table.length / ENTRY_WORDS;
  let slot = 0;
  while (table[slot] !== 0) slot++;
  let kept = 0;
  // Begun at an empty slot, an entry goes back to where it was or nearer to its home: never to a slot yet to be read.
  for (let left = slots; left > 0; left--) {
    const head = table[slot];
    if (head !== 0) {
      table[slot] = 0;
      if (droppable[head >>> TAG_SHIFT] === 0) {
        const body = slots + slot * BODY_WORDS;
        const to = freeSlot(table, slots, table[body]);
        table[to] = head;
        if (to !== slot) copyBody(table, body, table, slots + to * BODY_WORDS);
        kept++;
      }
    }
    slot++;
    if (slot === slots) slot = 0;
  }
  return kept;
}

/**
 * Writes the entries whose tag has an heir in `cut` as dump groups to the start of `out`, and gives them to the heirs.
 * Returns the number of words.
 */
export function dump(
  table: DedupeTable,
  partition: number,
  cut: Uint16Array,
  generations: Int32Array,
  out: Int32Array,
): number {
  const slots = table.length / ENTRY_WORDS;
  const ends = groupEnds(table, cut, generations, out);
  for (let slot = 0; slot < slots; slot++) {
    const heir = cut[table[slot] >>> TAG_SHIFT];
    if (heir === 0) continue;
    const rest = table[slot] & REST;
    table[slot] = (heir << TAG_SHIFT) | rest;
    const to = ends[heir];
    out[to] = (partition << PARTITION_SHIFT) | rest;
    copyBody(table, slots + slot * BODY_WORDS, out, to + 1);
    ends[heir] = to + ENTRY_WORDS;
  }
  return ends[0];
}

/** Writes the headers of the groups. Returns by tag where its entries go, and under 0 how many words there are in all. */
function groupEnds(
  table: DedupeTable,
  cut: Uint16Array,
  generations: Int32Array,
  out: Int32Array,
): Uint32Array {
  const slots = table.length / ENTRY_WORDS;
  const ends = new Uint32Array(TAGS);
  for (let slot = 0; slot < slots; slot++) ends[cut[table[slot] >>> TAG_SHIFT]]++;
  let words = 0;
  for (let tag = 1; tag < TAGS; tag++) {
    const entries = ends[tag];
    if (entries === 0) continue;
    out[words] = generations[tag];
    out[words + 1] = entries;
    ends[tag] = words + GROUP_HEADER_WORDS;
    words = ends[tag] + entries * ENTRY_WORDS;
  }
  ends[0] = words;
  return ends;
}

function copyBody(from: Int32Array, at: number, into: Int32Array, to: number): void {
  into[to] = from[at];
  into[to + 1] = from[at + 1];
  into[to + 2] = from[at + 2];
  into[to + 3] = from[at + 3];
}
