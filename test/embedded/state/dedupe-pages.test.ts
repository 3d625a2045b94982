import { describe, expect, it } from 'vitest';
import {
  DedupePages,
  IN_REGION,
  NO_PAGE,
  PAGE_WORDS,
  REGION_SHIFT,
} from '../../../src/embedded/state/dedupe-pages.ts';

describe('dedupe pages', () => {
  it('are all different, within their region, and as many as 2 GiB hold', () => {
    const pages = new DedupePages();
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

  it('come back empty', () => {
    const pages = new DedupePages();
    const page = pages.take();
    pages.regions[page >>> REGION_SHIFT].fill(9, page & IN_REGION, (page & IN_REGION) + PAGE_WORDS);
    pages.give(page);
    expect(pages.take()).toBe(page);
    expect(pages.regions[page >>> REGION_SHIFT].every((word) => word === 0)).toBe(true);
  });
});
