import { describe, expect, it } from 'vitest';
import { DedupeCohorts } from '../../../src/embedded/dedupe/dedupe-cohorts.ts';
import { PARTITIONS } from '../../../src/embedded/dedupe/dedupe-entry.ts';

describe('dedupe cohorts', () => {
  it('need no more tags for any number of full snapshots', () => {
    const cohorts = new DedupeCohorts();
    const before = cohorts.freeTags;
    for (let n = 0; n < 5000; n++) {
      cohorts.count(cohorts.open(7)!, 2);
      cohorts.freeze();
      cohorts.count(cohorts.open(7)!, 1);
      cohorts.thaw();
    }
    expect(cohorts.size).toBe(15_000);
    expect(before - cohorts.freeTags).toBeLessThanOrEqual(2);
    cohorts.forgetThrough(7);
    expect(cohorts.size).toBe(0);
  });

  it('use a tag again only once every partition was swept', () => {
    const cohorts = new DedupeCohorts();
    const before = cohorts.freeTags;
    cohorts.open(7);
    for (let n = 0; n < 10; n++) cohorts.sweep();
    cohorts.forgetThrough(7);
    for (let n = 0; n < PARTITIONS - 1; n++) cohorts.sweep();
    expect(cohorts.freeTags).toBe(before - 1);
    cohorts.sweep();
    expect(cohorts.freeTags).toBe(before);
    expect(cohorts.hasDroppable).toBe(false);
  });
});
