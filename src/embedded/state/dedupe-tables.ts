import {
  ENTRY_WORDS,
  GROUP_HEADER_WORDS,
  ID_IN_LAST,
  PARTITIONS,
  PARTITION_SHIFT,
  REST,
  TAGS,
  TAG_SHIFT,
} from './dedupe-entry.ts';
import { DedupePages, IN_REGION, PAGE_WORDS, REGION_SHIFT } from './dedupe-pages.ts';

/** What a look-up says of an id: not remembered; remembered with this content; remembered with another one. */
export const UNSEEN = 0;
export const SAME_CONTENT = 1;
export const OTHER_CONTENT = 2;
export type Seen = typeof UNSEEN | typeof SAME_CONTENT | typeof OTHER_CONTENT;

const BODY_WORDS = ENTRY_WORDS - 1;
const PAGE_SLOTS = Math.floor(PAGE_WORDS / ENTRY_WORDS);
const IN_PAGE = PAGE_WORDS - 1;
/** A fuller table makes probes long, an emptier one wastes memory. */
const LOAD_MAX = 0.94;
const GROWTH = 1.25;
/** A table that would be nearly full after it was purged grows all the same, or it would soon be purged again … */
const KEEP_BELOW = 0.92;
/** … and one that would be nearly empty shrinks. */
const SHRINK_BELOW = 0.5;
const TWO_POW_MINUS_32 = 2 ** -32;

/**
 * A table for each partition: open addressing with linear probing over its pages as one ring of slots. A page has the heads
 * first, word 0 of the entry in each slot with its tag on top, so that a probe stays within a cache line or two; then the
 * bodies, words 1 to 4. Word 1 is the hash, and the slot where a search begins grows with it: a rebuild works in order.
 */
export class DedupeTables {
  readonly #pool = new DedupePages();
  /** The pages of partition p stand from p * stride on. */
  #pages = new Int32Array(PARTITIONS);
  #stride = 1;
  readonly #pageCounts = new Int32Array(PARTITIONS);
  /** Entries in a table, droppable ones included, and how many it takes. */
  readonly #used = new Int32Array(PARTITIONS);
  readonly #usedMax = new Int32Array(PARTITIONS);
  readonly #droppable: Uint8Array;
  /** Where an entry just found UNSEEN would go, if its table has room. */
  unseenAt = 0;
  /** Keeps `touch` from being optimized away. */
  touched = 0;

  /** `droppable`: by tag, 1 when a rebuild may leave its entries out. Every table has a page from the start. */
  constructor(droppable: Uint8Array) {
    this.#droppable = droppable;
  }

  get bytes(): number {
    return this.#pool.bytes + this.#pages.byteLength;
  }

  /** Makes room for so many entries in each partition. */
  reserve(entries: number): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const pages = pagesFor(entries, partition);
      if (pages > this.#pageCounts[partition]) this.#rebuild(partition, pages);
    }
  }

  /** Reads the slots where searches for `count` entries begin: their cache misses overlap, those of look-ups would not. */
  touch(entries: Int32Array, from: number, count: number): void {
    const regions = this.#pool.regions;
    let touched = 0;
    for (let i = 0, at = from; i < count; i++, at += ENTRY_WORDS) {
      const partition = entries[at] >>> PARTITION_SHIFT;
      const pages = this.#pageCounts[partition];
      if (pages === 0) continue;
      const home = (entries[at + 1] >>> 0) * pages * TWO_POW_MINUS_32;
      const page = home | 0;
      const start = this.#pages[partition * this.#stride + page];
      touched =
        (touched +
          regions[start >>> REGION_SHIFT][(start & IN_REGION) + (((home - page) * PAGE_SLOTS) | 0)]) |
        0;
    }
    this.touched = touched;
  }

  /** Looks for the id of the entry at `at`; entries whose tag is not `live` are passed over. */
  look(entries: Int32Array, at: number, live: Uint8Array): Seen {
    const partition = entries[at] >>> PARTITION_SHIFT;
    const rest = entries[at] & REST;
    const hash = entries[at + 1];
    const pages = this.#pageCounts[partition];
    if (pages === 0) return UNSEEN;
    const home = (hash >>> 0) * pages * TWO_POW_MINUS_32;
    let page = home | 0;
    let slot = ((home - page) * PAGE_SLOTS) | 0;
    let start = this.#pages[partition * this.#stride + page];
    let words = this.#pool.regions[start >>> REGION_SHIFT];
    let heads = start & IN_REGION;
    for (;;) {
      const head = words[heads + slot];
      if (head === 0) break;
      if ((head & REST) === rest && live[head >>> TAG_SHIFT] !== 0) {
        const body = heads + PAGE_SLOTS + slot * BODY_WORDS;
        if (
          words[body] === hash &&
          words[body + 1] === entries[at + 2] &&
          words[body + 2] === entries[at + 3]
        ) {
          const difference = words[body + 3] ^ entries[at + 4];
          if (difference === 0) return SAME_CONTENT;
          if ((difference & ID_IN_LAST) === 0) return OTHER_CONTENT;
        }
      }
      slot++;
      if (slot < PAGE_SLOTS) continue;
      slot = 0;
      page = page + 1 === pages ? 0 : page + 1;
      start = this.#pages[partition * this.#stride + page];
      words = this.#pool.regions[start >>> REGION_SHIFT];
      heads = start & IN_REGION;
    }
    this.unseenAt = start + slot;
    return UNSEEN;
  }

  /** Puts the entry at `at` in under `tag`: in the slot that `look` just found for it, or in the first that is free. */
  put(entries: Int32Array, at: number, tag: number, slotKnown: boolean): void {
    const partition = entries[at] >>> PARTITION_SHIFT;
    let to = this.unseenAt;
    if (this.#used[partition] >= this.#usedMax[partition]) {
      this.#makeRoom(partition);
      to = this.#freeSlot(partition, entries[at + 1]);
    } else if (!slotKnown) to = this.#freeSlot(partition, entries[at + 1]);
    this.#write(to, (tag << TAG_SHIFT) | (entries[at] & REST), entries, at + 1);
    this.#used[partition]++;
  }

  /** Drops what may be dropped. */
  purge(partition: number): void {
    const used = this.#used[partition];
    if (used > 0 && this.#countKept(partition) < used) this.#rebuild(partition, this.#pageCounts[partition]);
  }

  /** Words that `dump` writes at most. */
  dumpWordsMax(partition: number): number {
    return this.#used[partition] * (ENTRY_WORDS + GROUP_HEADER_WORDS);
  }

  /**
   * Writes the entries whose tag has an heir in `cut` as groups to the start of `out`, and gives them to the heirs. Returns
   * the number of words.
   */
  dump(partition: number, cut: Uint16Array, generations: Int32Array, out: Int32Array): number {
    if (this.#used[partition] === 0) return 0;
    const ends = this.#groupEnds(partition, cut, generations, out);
    for (const start of this.#pagesOf(partition)) {
      const words = this.#pool.regions[start >>> REGION_SHIFT];
      const heads = start & IN_REGION;
      for (let slot = 0, body = heads + PAGE_SLOTS; slot < PAGE_SLOTS; slot++, body += BODY_WORDS) {
        const heir = cut[words[heads + slot] >>> TAG_SHIFT];
        if (heir === 0) continue;
        const rest = words[heads + slot] & REST;
        words[heads + slot] = (heir << TAG_SHIFT) | rest;
        const to = ends[heir];
        out[to] = (partition << PARTITION_SHIFT) | rest;
        copyBody(words, body, out, to + 1);
        ends[heir] = to + ENTRY_WORDS;
      }
    }
    return ends[0];
  }

  /** Writes the headers of the groups. Returns by tag where its entries go, and under 0 how many words there are in all. */
  #groupEnds(partition: number, cut: Uint16Array, generations: Int32Array, out: Int32Array): Uint32Array {
    const ends = new Uint32Array(TAGS);
    for (const start of this.#pagesOf(partition)) {
      const words = this.#pool.regions[start >>> REGION_SHIFT];
      const heads = start & IN_REGION;
      for (let at = heads; at < heads + PAGE_SLOTS; at++) ends[cut[words[at] >>> TAG_SHIFT]]++;
    }
    let length = 0;
    for (let tag = 1; tag < TAGS; tag++) {
      const entries = ends[tag];
      if (entries === 0) continue;
      out[length] = generations[tag];
      out[length + 1] = entries;
      ends[tag] = length + GROUP_HEADER_WORDS;
      length = ends[tag] + entries * ENTRY_WORDS;
    }
    ends[0] = length;
    return ends;
  }

  #makeRoom(partition: number): void {
    const usedMax = this.#usedMax[partition];
    const kept = this.#countKept(partition);
    if (kept < usedMax * SHRINK_BELOW) this.#rebuild(partition, pagesFor(kept + 1, partition));
    else if (kept < usedMax * KEEP_BELOW) this.#rebuild(partition, this.#pageCounts[partition]);
    else this.#rebuild(partition, pagesFor(usedMax + 1, partition));
  }

  #countKept(partition: number): number {
    let kept = 0;
    for (const start of this.#pagesOf(partition)) {
      const words = this.#pool.regions[start >>> REGION_SHIFT];
      const heads = start & IN_REGION;
      for (let at = heads; at < heads + PAGE_SLOTS; at++) {
        if (words[at] !== 0 && this.#droppable[words[at] >>> TAG_SHIFT] === 0) kept++;
      }
    }
    return kept;
  }

  /** Moves what may not be dropped into a table of so many pages. */
  #rebuild(partition: number, pages: number): void {
    const old = this.#pagesOf(partition);
    this.#widen(pages);
    const first = partition * this.#stride;
    for (let page = 0; page < pages; page++) this.#pages[first + page] = this.#pool.take();
    this.#pageCounts[partition] = pages;
    this.#usedMax[partition] = entriesMax(pages);
    this.#used[partition] = 0;
    for (const start of old) {
      this.#used[partition] += this.#movePage(partition, start);
      this.#pool.give(start);
    }
  }

  #movePage(partition: number, start: number): number {
    const words = this.#pool.regions[start >>> REGION_SHIFT];
    const heads = start & IN_REGION;
    let moved = 0;
    for (let slot = 0, body = heads + PAGE_SLOTS; slot < PAGE_SLOTS; slot++, body += BODY_WORDS) {
      const head = words[heads + slot];
      if (head === 0 || this.#droppable[head >>> TAG_SHIFT] !== 0) continue;
      this.#write(this.#freeSlot(partition, words[body]), head, words, body);
      moved++;
    }
    return moved;
  }

  #freeSlot(partition: number, hash: number): number {
    const pages = this.#pageCounts[partition];
    const home = (hash >>> 0) * pages * TWO_POW_MINUS_32;
    let page = home | 0;
    let slot = ((home - page) * PAGE_SLOTS) | 0;
    for (;;) {
      const start = this.#pages[partition * this.#stride + page];
      const words = this.#pool.regions[start >>> REGION_SHIFT];
      const heads = start & IN_REGION;
      for (; slot < PAGE_SLOTS; slot++) if (words[heads + slot] === 0) return start + slot;
      slot = 0;
      page = page + 1 === pages ? 0 : page + 1;
    }
  }

  /** Writes a head to the slot at an address, and its body from `body` on. */
  #write(address: number, head: number, from: Int32Array, body: number): void {
    const words = this.#pool.regions[address >>> REGION_SHIFT];
    const at = address & IN_REGION;
    words[at] = head;
    copyBody(from, body, words, (at & ~IN_PAGE) + PAGE_SLOTS + (at & IN_PAGE) * BODY_WORDS);
  }

  #pagesOf(partition: number): Int32Array {
    const first = partition * this.#stride;
    return this.#pages.slice(first, first + this.#pageCounts[partition]);
  }

  /** Makes room for so many pages a partition. */
  #widen(pages: number): void {
    if (pages <= this.#stride) return;
    const stride = Math.max(pages, this.#stride * 2);
    const wider = new Int32Array(PARTITIONS * stride);
    for (let partition = 0; partition < PARTITIONS; partition++)
      wider.set(this.#pagesOf(partition), partition * stride);
    this.#pages = wider;
    this.#stride = stride;
  }
}

/** Entries that so many pages take before they are rebuilt. */
function entriesMax(pages: number): number {
  return Math.floor(pages * PAGE_SLOTS * LOAD_MAX);
}

/**
 * The pages for so many entries. Sizes form a geometric ladder, shifted from partition to partition: partitions, filled
 * evenly, grow one after the other and never together.
 */
function pagesFor(entries: number, partition: number): number {
  const stagger = staggerOf(partition);
  let step = Math.floor(Math.log(Math.max(1, entries / entriesMax(1))) / Math.log(GROWTH) - stagger);
  while (entriesMax(Math.ceil(GROWTH ** (step + stagger))) < entries) step++;
  return Math.ceil(GROWTH ** (step + stagger));
}

/** The partition's number with its bits reversed, as a fraction: any run of partitions is spread over [0, 1). */
function staggerOf(partition: number): number {
  let reversed = 0;
  for (let bit = 1; bit < PARTITIONS; bit <<= 1) reversed = reversed * 2 + ((partition & bit) === 0 ? 0 : 1);
  return reversed / PARTITIONS;
}

function copyBody(from: Int32Array, at: number, into: Int32Array, to: number): void {
  into[to] = from[at];
  into[to + 1] = from[at + 1];
  into[to + 2] = from[at + 2];
  into[to + 3] = from[at + 3];
}
