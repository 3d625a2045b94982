/**
 * An entry is five words. The permuted id is 128 bits: words 1, 2 and 3 are its last three; of its first, 30 bits stand in
 * word 0 (the partition in bits 20 to 29, then the rest) and 2 bits on top of word 4, above 30 bits of the content.
 *
 * A dump is a run of groups with nothing between them: the cohort, how many entries follow, and these entries. A negative
 * number says that they may be remembered already, under another cohort, which they leave.
 */
export const ENTRY_WORDS = 5;
export const GROUP_HEADER_WORDS = 2;

const PARTITION_BITS = 10;
export const PARTITIONS = 1 << PARTITION_BITS;
export const PARTITION_SHIFT = 20;
/** The bits of word 0 below the partition. */
export const REST = (1 << PARTITION_SHIFT) - 1;

/** Within the table of its partition, word 0 has its tag in the place of the partition. Tag 0 is an empty slot. */
export const TAG_SHIFT = PARTITION_SHIFT;
export const TAGS = 1 << (32 - TAG_SHIFT);

/** The bits of word 4 that belong to the id. */
export const ID_IN_LAST = -1 << (PARTITION_SHIFT + PARTITION_BITS);

/** Whose an id is: of the region that remembers it, or of its peer. */
export const OWN = 0;
export const PEERS = 1;
export type Owner = typeof OWN | typeof PEERS;

/** Entries of one generation and owner are a cohort, whose number grows with the generation. */
export function cohortOf(generation: number, owner: Owner): number {
  return generation * 2 + owner;
}

export function generationOf(cohort: number): number {
  return cohort >> 1;
}

/** Makes the entry at `at` of four permuted id words that stand there, and a content fingerprint. */
export function sealEntry(entries: Int32Array, at: number, content: number): void {
  const first = entries[at];
  entries[at] = first & ~ID_IN_LAST;
  entries[at + 4] = (first & ID_IN_LAST) | (content & ~ID_IN_LAST);
}
