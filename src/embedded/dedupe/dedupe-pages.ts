import { assert } from '../../base/assert.ts';

const PAGE_BITS = 12;
/** 16 KiB. */
export const PAGE_WORDS = 1 << PAGE_BITS;

/** An address is a region in the top 8 bits and a word within it below: 16 GiB in all. */
export const REGION_SHIFT = 24;
export const IN_REGION = (1 << REGION_SHIFT) - 1;
const REGIONS_MAX = 1 << (32 - REGION_SHIFT);
const REGION_PAGES_FIRST = 64;
const REGION_PAGES_MAX = 1 << (REGION_SHIFT - PAGE_BITS);

/** A page that stays zero: what a table has before its first entry. It is never given back. */
export const NO_PAGE = 0;

/**
 * Memory as pages of one size, carved from large regions. A page given back serves the next taker, whoever that is: memory
 * neither fragments nor waits for the garbage collector, and pages come back while they are still in the cache.
 */
export class DedupePages {
  readonly regions: Int32Array[] = [];
  readonly #free: number[] = [];
  /** Pages handed out so far of the last region, and how many it has. */
  #carved = 0;
  #regionPages = 0;
  #pages = 0;

  /** How many words a page begins with must be zero when it is taken. */
  readonly #cleared: number;

  constructor(cleared: number) {
    this.#cleared = cleared;
    assert(this.#carve() === NO_PAGE, 'the first page is nobody’s');
  }

  /** Memory that was ever in use; what was given back is kept for later. */
  get bytes(): number {
    return this.#pages * PAGE_WORDS * 4;
  }

  /** The address of a page that begins with zeros, as many as are called for. */
  take(): number {
    const free = this.#free.pop();
    if (free === undefined) return this.#carve();
    const start = free & IN_REGION;
    this.regions[free >>> REGION_SHIFT].fill(0, start, start + this.#cleared);
    return free;
  }

  give(page: number): void {
    this.#free.push(page);
  }

  #carve(): number {
    if (this.#carved === this.#regionPages) {
      assert(this.regions.length < REGIONS_MAX, 'ids are remembered in 16 GiB at most');
      this.#regionPages = Math.min(REGION_PAGES_MAX, REGION_PAGES_FIRST * 2 ** this.regions.length);
      this.regions.push(new Int32Array(this.#regionPages * PAGE_WORDS));
      this.#carved = 0;
    }
    this.#pages++;
    return ((this.regions.length - 1) << REGION_SHIFT) | (this.#carved++ << PAGE_BITS);
  }
}
