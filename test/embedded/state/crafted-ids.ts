import { PARTITIONS, PARTITION_SHIFT } from '../../../src/embedded/state/dedupe-entry.ts';

const rotateRight = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** The id that the permutation keyed with `seed` turns into `permuted`: its inverse, written on its own. */
export function craftId(seed: Uint8Array, permuted: readonly number[]): number[] {
  let [a, b, c, d] = permuted;
  for (let round = 0; round < 4; round++) {
    c = rotateRight(c, 16);
    b = rotateRight(b ^ c, 7);
    c = (c - b) | 0;
    d = rotateRight(d ^ a, 13);
    a = (a - d) | 0;
    d = rotateRight(d ^ c, 8);
    c = (c - d) | 0;
    a = rotateRight(a, 16);
    b = rotateRight(b ^ a, 5);
    a = (a - b) | 0;
  }
  const view = new DataView(seed.buffer, seed.byteOffset);
  return [a, b, c, d].map((word, index) => word ^ view.getInt32(index * 4, true));
}

/** Ids that meet in three partitions, at the ends and in a few other places of their tables, alike in all words but one. */
export function idsThatCollide(seed: Uint8Array, count: number): number[][] {
  return Array.from({ length: count }, (_, n) => {
    const partition = [0, 5, PARTITIONS - 1][n % 3];
    const hash = [-1, 0, 1, 0x4000_0000, -2, n * 0x0123_4567][(n >> 2) % 6] | 0;
    const first = (partition << PARTITION_SHIFT) | ((n & 64) === 0 ? 0 : n);
    const idBits = (n & 3) << 30;
    return craftId(seed, [first | idBits, hash, (n & 64) === 0 ? n : 0, -(n >> 7)]);
  });
}
