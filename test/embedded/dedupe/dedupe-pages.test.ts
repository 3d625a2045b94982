import { describe, expect, it } from 'vitest';
import {
  DedupePages,
  IN_REGION,
  NO_PAGE,
  PAGE_WORDS,
  REGION_SHIFT,
} from '../../../src/embedded/dedupe/dedupe-pages.ts';

describe('dedupe pages', () => {
  it('are all different, within their region, and as many as 2 GiB hold', () => {
    const pages = new DedupePages(PAGE_WORDS);
    const taken = new Set([NO_PAGE]);
    const count = 2 ** 31 / (PAGE_WORDS * 4);
    let outside = 0;
    for (let n = 1; n < count; n++) {
      const page = pages.take();
      taken.add(page);
      if ((page & IN_REGION) + PAGE_WORDS > pages.regions[page >>> REGION_SHIFT].length) outside++;
    }
    expect(taken.size).toBe(count);
    expect(outside).toBe(0);
    expect(pages.bytes).toBe(2 ** 31);
  });

  it('come back cleared as far as was asked', () => {
    const pages = new DedupePages(100);
    const page = pages.take();
    pages.regions[page >>> REGION_SHIFT].fill(9, page & IN_REGION, (page & IN_REGION) + PAGE_WORDS);
    pages.give(page);
    expect(pages.take()).toBe(page);
    const words = pages.regions[page >>> REGION_SHIFT].subarray(page & IN_REGION);
    expect(words.subarray(0, 100).every((word) => word === 0)).toBe(true);
  });
});
