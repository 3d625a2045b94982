import { assert } from '../../base/assert.ts';

const SLOTS_MIN = 64;
const SPREAD = 0x9e3779b1 | 0;

/** User hashes that somebody waits for, each with how many do. One that is watched twice must be let go twice. */
export class UserWatch {
  /** Open addressing; a slot with the count 0 is free. */
  #hashes = new Int32Array(SLOTS_MIN);
  #counts = new Int32Array(SLOTS_MIN);
  #size = 0;

  /** How many distinct hashes are watched. */
  get size(): number {
    return this.#size;
  }

  has(hash: number): boolean {
    return this.#size !== 0 && this.#counts[this.#find(hash)] !== 0;
  }

  watch(hash: number): void {
    const slot = this.#find(hash);
    this.#hashes[slot] = hash;
    if (++this.#counts[slot] > 1) return;
    this.#size++;
    if (this.#size * 2 > this.#counts.length) this.#grow();
  }

  unwatch(hash: number): void {
    let free = this.#find(hash);
    assert(this.#counts[free] > 0, 'what is let go was watched');
    if (--this.#counts[free] > 0) return;
    this.#size--;
    // Whoever could stand in the freed slot moves there: no look-up ends too early.
    const mask = this.#counts.length - 1;
    for (let slot = (free + 1) & mask; this.#counts[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf(this.#hashes[slot]);
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      this.#hashes[free] = this.#hashes[slot];
      this.#counts[free] = this.#counts[slot];
      this.#counts[slot] = 0;
      free = slot;
    }
  }

  /** The slot of the hash, or the free one where it would stand. */
  #find(hash: number): number {
    const mask = this.#counts.length - 1;
    let slot = this.#homeOf(hash);
    while (this.#counts[slot] !== 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #homeOf(hash: number): number {
    return (Math.imul(hash, SPREAD) >>> 7) & (this.#counts.length - 1);
  }

  #grow(): void {
    const [hashes, counts] = [this.#hashes, this.#counts];
    this.#hashes = new Int32Array(hashes.length * 2);
    this.#counts = new Int32Array(counts.length * 2);
    for (const [n, count] of counts.entries()) {
      if (count === 0) continue;
      const slot = this.#find(hashes[n]);
      this.#hashes[slot] = hashes[n];
      this.#counts[slot] = count;
    }
  }
}
