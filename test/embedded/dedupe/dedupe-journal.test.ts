import { describe, expect, it } from 'vitest';
import { ENTRY_WORDS, GROUP_HEADER_WORDS } from '../../../src/embedded/dedupe/dedupe-entry.ts';
import { DedupeJournal } from '../../../src/embedded/dedupe/dedupe-journal.ts';

/** The entries of each generation, as whoever loads the chunks finds them. */
function readBack(journal: DedupeJournal): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let index = 0; index < journal.chunks; index++) {
    const words = journal.chunk(index);
    for (let at = 0; at < words.length;) {
      const [generation, entries] = words.subarray(at, at + GROUP_HEADER_WORDS);
      at += GROUP_HEADER_WORDS;
      const of = found.get(generation) ?? [];
      for (let n = 0; n < entries; n++) of.push(words[at + n * ENTRY_WORDS + 1]);
      found.set(generation, of);
      at += entries * ENTRY_WORDS;
      expect(at, 'a group ends within its chunk').toBeLessThanOrEqual(words.length);
    }
  }
  return found;
}

describe('the journal of new ids', () => {
  it.each([1, 2, 3, 5, 7])('gives back entries of %i generations over several chunks', (generations) => {
    const journal = new DedupeJournal();
    const expected = new Map<number, number[]>();
    const total = 10_000;
    for (let n = 1; n <= total; n++) {
      const generation = 490_000 + Math.floor(((n - 1) / total) * generations);
      journal.append(generation, Int32Array.of(n, n, n, n, n), 0);
      expected.set(generation, [...(expected.get(generation) ?? []), n]);
    }
    expect(journal.chunks).toBeGreaterThan(2);
    expect(readBack(journal)).toEqual(expected);
  });
});
