import { assert } from '../../base/assert.ts';

const ROUNDS = 4;

/**
 * A keyed bijection of 128-bit ids: time-ordered UUIDs, and ids somebody chose with intent, come out as evenly spread as
 * random ones, and no two ids become one. It is the permutation of Chaskey (Mouha et al., 2014) behind a secret key; its
 * purpose is spread, not secrecy, so a few of its rounds will do.
 */
export class IdPermutation {
  readonly #key0: number;
  readonly #key1: number;
  readonly #key2: number;
  readonly #key3: number;

  /** `seed`: at least 16 secret bytes, of which the first 16 are used. */
  constructor(seed: Uint8Array) {
    assert(seed.length >= 16, `a seed has at least 16 bytes, got ${seed.length}`);
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    this.#key0 = view.getInt32(0, true);
    this.#key1 = view.getInt32(4, true);
    this.#key2 = view.getInt32(8, true);
    this.#key3 = view.getInt32(12, true);
  }

  /** Reads the four words at `from` of `words` and writes the permuted four at `to` of `out`. */
  apply(words: Int32Array, from: number, out: Int32Array, to: number): void {
    let a = words[from] ^ this.#key0;
    let b = words[from + 1] ^ this.#key1;
    let c = words[from + 2] ^ this.#key2;
    let d = words[from + 3] ^ this.#key3;
    for (let round = 0; round < ROUNDS; round++) {
      a = (a + b) | 0;
      b = ((b << 5) | (b >>> 27)) ^ a;
      a = (a << 16) | (a >>> 16);
      c = (c + d) | 0;
      d = ((d << 8) | (d >>> 24)) ^ c;
      a = (a + d) | 0;
      d = ((d << 13) | (d >>> 19)) ^ a;
      c = (c + b) | 0;
      b = ((b << 7) | (b >>> 25)) ^ c;
      c = (c << 16) | (c >>> 16);
    }
    out[to] = a;
    out[to + 1] = b;
    out[to + 2] = c;
    out[to + 3] = d;
  }
}
