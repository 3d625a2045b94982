const SLOT_BITS = 11;
/** The longest text that is kept, in words of four bytes. */
const TEXT_WORDS = 8;
/** Words of a slot: how many bytes the text has, then its words. */
const SLOT_WORDS = 1 + TEXT_WORDS;
/** Odd; spreads what it multiplies over the high bits (2^32 over the golden ratio). */
const SPREAD = 0x9e3779b1;

/**
 * Texts that many rows share, such as merchants, read from their words: the latest ones are found by comparing words, which takes a
 * third of the time of making a string, and the same text is the same string for whoever keeps it.
 */
export class TextCache {
  readonly #keys = new Int32Array(SLOT_WORDS << SLOT_BITS);
  readonly #texts: string[] = Array.from({ length: 1 << SLOT_BITS }, () => '');
  /** All of the memory that was read from last: to make a view for each text takes longer than to read it. */
  #bytes: Buffer = Buffer.alloc(0);

  /** The text of `bytes` bytes of UTF-8 at word `at`; the rest of its last word is zeros. */
  read(words: Int32Array, at: number, bytes: number): string {
    const length = (bytes + 3) >> 2;
    if (length > TEXT_WORDS) return this.readOnce(words, at, bytes);
    let hash = bytes;
    for (let n = 0; n < length; n++) {
      hash = Math.imul(hash ^ words[at + n], SPREAD);
      hash ^= hash >>> 15;
    }
    const slot = Math.imul(hash, SPREAD) >>> (32 - SLOT_BITS);
    const key = slot * SLOT_WORDS;
    if (this.#isSame(key, words, at, bytes, length)) return this.#texts[slot];
    this.#keys[key] = bytes;
    for (let n = 0; n < length; n++) this.#keys[key + 1 + n] = words[at + n];
    return (this.#texts[slot] = this.readOnce(words, at, bytes));
  }

  /** The same of a text that hardly comes again, such as an id. */
  readOnce(words: Int32Array, at: number, bytes: number): string {
    if (this.#bytes.buffer !== words.buffer) this.#bytes = Buffer.from(words.buffer);
    const start = words.byteOffset + at * 4;
    return this.#bytes.toString('utf8', start, start + bytes);
  }

  #isSame(key: number, words: Int32Array, at: number, bytes: number, length: number): boolean {
    if (this.#keys[key] !== bytes) return false;
    for (let n = 0; n < length; n++) if (this.#keys[key + 1 + n] !== words[at + n]) return false;
    return true;
  }
}
