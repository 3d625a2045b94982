import { PARTITIONS, PARTITION_SHIFT } from '../../../src/embedded/dedupe/dedupe-entry.ts';

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

/**
 * Ids that mostly meet in one partition, at the ends and in a few other places of its table, enough to make it grow some
 * times. Four by four they differ in the two top bits of the permuted id only, from the others mostly in one word.
 */
export function idsThatCollide(seed: Uint8Array, count: number): number[][] {
  return Array.from({ length: count }, (_, n) => {
    const group = n >> 2;
    const partition = [5, 5, 5, 6, 5, 0, PARTITIONS - 1][group % 7];
    const hash = [-1, 0, 1, 0x4000_0000, -2, group * 0x0123_4567][group % 6] | 0;
    const rest = group % 3 === 0 ? group : 0;
    const first = (n << 30) | (partition << PARTITION_SHIFT) | rest;
    return craftId(seed, [first, hash, group % 3 === 1 ? group : 0, group % 3 === 2 ? group : 0]);
  });
}
