import { type DedupeCohorts } from './dedupe-cohorts.ts';
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
import { DedupePages, IN_REGION, NO_PAGE, PAGE_WORDS, REGION_SHIFT } from './dedupe-pages.ts';

/** What a look-up says of an id: not remembered; remembered with this content; remembered with another one. */
export const UNSEEN = 0;
export const SAME_CONTENT = 1;
export const OTHER_CONTENT = 2;
export type Seen = typeof UNSEEN | typeof SAME_CONTENT | typeof OTHER_CONTENT;

// V8 folds a module's own constants into its code, imported ones it loads and checks in every turn of a loop.
const WORDS = ENTRY_WORDS;
const BODY_WORDS = WORDS - 1;
const PAGE_SLOTS = Math.floor(PAGE_WORDS / WORDS);
const IN_PAGE = PAGE_WORDS - 1;
const REGION = REGION_SHIFT;
const WITHIN = IN_REGION;
const PARTITION = PARTITION_SHIFT;
const TAG = TAG_SHIFT;
const REST_MASK = REST;
const ID_MASK = ID_IN_LAST;
/** A fuller table makes probes long, an emptier one wastes memory. */
const LOAD_MAX = 0.95;
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
  readonly #pool = new DedupePages(PAGE_SLOTS);
  /** The pages of partition p stand from p * stride on. */
  #pages = new Int32Array(PARTITIONS).fill(NO_PAGE);
  #stride = 1;
  readonly #pageCounts = new Int32Array(PARTITIONS).fill(1);
  /** Entries in a table, droppable ones included, and how many it takes. */
  readonly #used = new Int32Array(PARTITIONS);
  readonly #usedMax = new Int32Array(PARTITIONS);
  #homes = new Int32Array(1024);
  readonly #cohorts: DedupeCohorts;
  /** Where an entry just found UNSEEN would go, if its table has room. */
  unseenAt = 0;
  /** Where the entry stands that was just found. */
  seenAt = 0;
  /** Keeps `touch` from being optimized away. */
  touched = 0;

  constructor(cohorts: DedupeCohorts) {
    this.#cohorts = cohorts;
  }

  get bytes(): number {
    return this.#pool.bytes + this.#pages.byteLength;
  }

  /** Makes room for so many entries in each partition. */
  reserve(entries: number): void {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const pages = pagesFor(entries, partition);
      if (this.#usedMax[partition] < entries) this.#rebuild(partition, pages, this.#countKept(partition));
    }
  }

  /** Reads the slots where searches for `count` entries begin: their cache misses overlap, those of look-ups would not. */
  touch(entries: Int32Array, from: number, count: number): void {
    if (count > this.#homes.length) this.#homes = new Int32Array(count);
    const homes = this.#homes;
    const pageCounts = this.#pageCounts;
    const pages = this.#pages;
    const stride = this.#stride;
    for (let i = 0, at = from; i < count; i++, at += WORDS) {
      const partition = entries[at] >>> PARTITION;
      const home = (entries[at + 1] >>> 0) * pageCounts[partition] * TWO_POW_MINUS_32;
      const page = home | 0;
      homes[i] = pages[partition * stride + page] | (((home - page) * PAGE_SLOTS) | 0);
    }
    this.touched = touchAll(this.#pool.regions, homes, count);
  }

  /** Looks for the id of the entry at `at`; what is forgotten is passed over. */
  look(entries: Int32Array, at: number): Seen {
    const live = this.#cohorts.live;
    const partition = entries[at] >>> PARTITION;
    const rest = entries[at] & REST_MASK;
    const pages = this.#pageCounts[partition];
    const home = (entries[at + 1] >>> 0) * pages * TWO_POW_MINUS_32;
    let page = home | 0;
    let slot = ((home - page) * PAGE_SLOTS) | 0;
    for (;;) {
      const start = this.#pages[partition * this.#stride + page];
      const words = this.#pool.regions[start >>> REGION];
      const heads = start & WITHIN;
      const end = heads + PAGE_SLOTS;
      let address = probe(words, heads + slot, end, rest);
      while (address < end) {
        const head = words[address];
        if (head === 0) {
          this.unseenAt = (start & ~WITHIN) | address;
          return UNSEEN;
        }
        const seen = compare(words, end + (address - heads) * BODY_WORDS, entries, at);
        if (seen !== UNSEEN && live[head >>> TAG] !== 0) {
          this.seenAt = (start & ~WITHIN) | address;
          return seen;
        }
        address = probe(words, address + 1, end, rest);
      }
      slot = 0;
      page = page + 1 === pages ? 0 : page + 1;
    }
  }

  /** Puts the entry at `at` in under `tag`: in the slot that `look` just found for it, or in the first that is free. */
  put(entries: Int32Array, at: number, tag: number, slotKnown: boolean): void {
    const partition = entries[at] >>> PARTITION;
    let to = this.unseenAt;
    if (this.#used[partition] >= this.#usedMax[partition]) {
      this.#makeRoom(partition);
      to = this.#freeSlot(partition, entries[at + 1]);
    } else if (!slotKnown) to = this.#freeSlot(partition, entries[at + 1]);
    this.#write(to, (tag << TAG) | (entries[at] & REST_MASK), entries, at + 1);
    this.#used[partition]++;
  }

  /** The tag of the entry just found. */
  get seenTag(): number {
    return this.#pool.regions[this.seenAt >>> REGION][this.seenAt & WITHIN] >>> TAG;
  }

  /** Gives the entry just found another tag. */
  retag(tag: number): void {
    const words = this.#pool.regions[this.seenAt >>> REGION];
    const at = this.seenAt & WITHIN;
    words[at] = (tag << TAG) | (words[at] & REST_MASK);
  }

  /** Drops what may be dropped. */
  purge(partition: number): void {
    const kept = this.#countKept(partition);
    if (kept < this.#used[partition]) this.#rebuild(partition, this.#pageCounts[partition], kept);
  }

  /** Words that `dump` writes at most. */
  dumpWordsMax(partition: number): number {
    return this.#used[partition] * (WORDS + GROUP_HEADER_WORDS);
  }

  /**
   * Writes the entries whose tag has an heir in the cut as groups to the start of `out`, and gives them to the heirs. Returns
   * the number of words.
   */
  dump(partition: number, out: Int32Array): number {
    if (this.#used[partition] === 0) return 0;
    const cut = this.#cohorts.cut;
    const ends = this.#groupEnds(partition, out);
    for (const start of this.#pagesOf(partition)) {
      const words = this.#pool.regions[start >>> REGION];
      const heads = start & WITHIN;
      for (let slot = 0, body = heads + PAGE_SLOTS; slot < PAGE_SLOTS; slot++, body += BODY_WORDS) {
        const heir = cut[words[heads + slot] >>> TAG];
        if (heir === 0) continue;
        const rest = words[heads + slot] & REST_MASK;
        words[heads + slot] = (heir << TAG) | rest;
        const to = ends[heir];
        out[to] = (partition << PARTITION) | rest;
        copyBody(words, body, out, to + 1);
        ends[heir] = to + WORDS;
      }
    }
    return ends[0];
  }

  /** Writes the headers of the groups. Returns by tag where its entries go, and under 0 how many words there are in all. */
  #groupEnds(partition: number, out: Int32Array): Uint32Array {
    const { cut, numbers } = this.#cohorts;
    const ends = new Uint32Array(TAGS);
    for (const start of this.#pagesOf(partition)) {
      const words = this.#pool.regions[start >>> REGION];
      const heads = start & WITHIN;
      for (let at = heads; at < heads + PAGE_SLOTS; at++) ends[cut[words[at] >>> TAG]]++;
    }
    let length = 0;
    for (let tag = 1; tag < TAGS; tag++) {
      const entries = ends[tag];
      if (entries === 0) continue;
      out[length] = numbers[tag];
      out[length + 1] = entries;
      ends[tag] = length + GROUP_HEADER_WORDS;
      length = ends[tag] + entries * WORDS;
    }
    ends[0] = length;
    return ends;
  }

  #makeRoom(partition: number): void {
    const usedMax = this.#usedMax[partition];
    const kept = this.#countKept(partition);
    let pages = this.#pageCounts[partition];
    if (kept < usedMax * SHRINK_BELOW) pages = pagesFor(kept + 1, partition);
    else if (kept >= usedMax * KEEP_BELOW) pages = pagesFor(usedMax + 1, partition);
    this.#rebuild(partition, pages, kept);
  }

  #countKept(partition: number): number {
    if (!this.#cohorts.hasDroppable) return this.#used[partition];
    const droppable = this.#cohorts.droppable;
    let kept = 0;
    for (const start of this.#pagesOf(partition)) {
      const words = this.#pool.regions[start >>> REGION];
      const heads = start & WITHIN;
      for (let at = heads; at < heads + PAGE_SLOTS; at++) {
        if (words[at] !== 0 && droppable[words[at] >>> TAG] === 0) kept++;
      }
    }
    return kept;
  }

  /** Moves the `kept` entries that may not be dropped into a table of so many pages. */
  #rebuild(partition: number, pages: number, kept: number): void {
    const old = this.#pagesOf(partition);
    this.#widen(pages);
    const first = partition * this.#stride;
    for (let page = 0; page < pages; page++) this.#pages[first + page] = this.#pool.take();
    this.#pageCounts[partition] = pages;
    this.#usedMax[partition] = entriesMax(pages);
    this.#used[partition] = kept;
    for (const start of old) {
      this.#movePage(partition, start);
      if (start !== NO_PAGE) this.#pool.give(start);
    }
  }

  /** Moves the entries of an old page that may not be dropped into the table as it is now. */
  #movePage(partition: number, start: number): void {
    const from = this.#pool.regions[start >>> REGION];
    const heads = start & WITHIN;
    const pages = this.#pageCounts[partition];
    const droppable = this.#cohorts.droppable;
    for (let slot = 0, page = 0; ; slot++) {
      const into = this.#pages[partition * this.#stride + page];
      const words = this.#pool.regions[into >>> REGION];
      slot = moveRun(from, heads, slot, words, into & WITHIN, page, pages, droppable);
      if (slot === PAGE_SLOTS) return;
      // An entry of another page, on which the next ones go as well; or one for which this page has no room.
      const body = heads + PAGE_SLOTS + slot * BODY_WORDS;
      page = ((from[body] >>> 0) * pages * TWO_POW_MINUS_32) | 0;
      this.#write(this.#freeSlot(partition, from[body]), from[heads + slot], from, body);
    }
  }

  #freeSlot(partition: number, hash: number): number {
    const pages = this.#pageCounts[partition];
    const home = (hash >>> 0) * pages * TWO_POW_MINUS_32;
    let page = home | 0;
    let slot = ((home - page) * PAGE_SLOTS) | 0;
    for (;;) {
      const start = this.#pages[partition * this.#stride + page];
      const heads = start & WITHIN;
      const end = heads + PAGE_SLOTS;
      const address = firstEmpty(this.#pool.regions[start >>> REGION], heads + slot, end);
      if (address < end) return (start & ~WITHIN) | address;
      slot = 0;
      page = page + 1 === pages ? 0 : page + 1;
    }
  }

  /** Writes a head to the slot at an address, and its body from `body` on. */
  #write(address: number, head: number, from: Int32Array, body: number): void {
    const words = this.#pool.regions[address >>> REGION];
    const at = address & WITHIN;
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

/** The first address from `address` to `end` whose head is empty or has this rest, or `end`. */
function probe(words: Int32Array, address: number, end: number, rest: number): number {
  let at = address;
  for (; at < end; at++) {
    const head = words[at];
    if (head === 0 || (head & REST_MASK) === rest) break;
  }
  return at;
}

function firstEmpty(words: Int32Array, address: number, end: number): number {
  let at = address;
  while (at < end && words[at] !== 0) at++;
  return at;
}

/** Reads the heads where searches begin, two cache lines more, where many of them end, and the body of the first. */
function touchAll(regions: readonly Int32Array[], homes: Int32Array, count: number): number {
  let touched = 0;
  for (let i = 0; i < count; i++) {
    const words = regions[homes[i] >>> REGION];
    const head = homes[i] & WITHIN;
    const body = (head & ~IN_PAGE) + PAGE_SLOTS + (head & IN_PAGE) * BODY_WORDS;
    touched = (touched + words[head] + words[head + 16] + words[head + 32] + words[body]) | 0;
  }
  return touched;
}

/** Compares the id whose body stands at `body` with that of the entry at `at`. */
function compare(words: Int32Array, body: number, entries: Int32Array, at: number): Seen {
  if (words[body] !== entries[at + 1] || words[body + 1] !== entries[at + 2]) return UNSEEN;
  if (words[body + 2] !== entries[at + 3]) return UNSEEN;
  const difference = words[body + 3] ^ entries[at + 4];
  if ((difference & ID_MASK) !== 0) return UNSEEN;
  return difference === 0 ? SAME_CONTENT : OTHER_CONTENT;
}

/** Moves entries from `slot` of an old page on, for as long as their place is on one page. Returns the slot it stopped at. */
function moveRun(
  from: Int32Array,
  fromHeads: number,
  slot: number,
  into: Int32Array,
  heads: number,
  page: number,
  pages: number,
  droppable: Uint8Array,
): number {
  const end = heads + PAGE_SLOTS;
  for (; slot < PAGE_SLOTS; slot++) {
    const head = from[fromHeads + slot];
    if (head === 0 || droppable[head >>> TAG] !== 0) continue;
    const body = fromHeads + PAGE_SLOTS + slot * BODY_WORDS;
    const home = (from[body] >>> 0) * pages * TWO_POW_MINUS_32;
    if ((home | 0) !== page) break;
    const at = firstEmpty(into, heads + (((home - page) * PAGE_SLOTS) | 0), end);
    if (at === end) break;
    into[at] = head;
    copyBody(from, body, into, end + (at - heads) * BODY_WORDS);
  }
  return slot;
}
