import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextCache } from '../../../src/embedded/touches/text-cache.ts';

/** The text as a row holds it, somewhere within memory. */
function wordsOf(text: string, before: number): { words: Int32Array; at: number; bytes: number } {
  const bytes = Buffer.from(text);
  const memory = new Int32Array(before + 3 + Math.ceil(bytes.length / 4));
  new Uint8Array(memory.buffer).set(bytes, (before + 2) * 4);
  return { words: memory.subarray(1), at: before + 1, bytes: bytes.length };
}

function read(cache: TextCache, text: string, before: number): string {
  const { words, at, bytes } = wordsOf(text, before);
  return cache.read(words, at, bytes);
}

test('texts are read as they were written, again and again', () => {
  const cache = new TextCache();
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('', 'm', 'm\0', 'магазин'),
  );
  fc.assert(
    fc.property(text, fc.nat(9), (one, before) => {
      for (let n = 0; n < 2; n++) expect(read(cache, one, before)).toBe(one);
    }),
    { numRuns: 2000 },
  );
});

test('more texts than there is room for take turns', () => {
  const cache = new TextCache();
  const texts = Array.from({ length: 10_000 }, (_, n) => `merchant-${n}`);
  for (let round = 0; round < 2; round++) {
    expect(texts.map((text, n) => read(cache, text, n % 5))).toEqual(texts);
  }
});
