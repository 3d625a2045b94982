import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest, so that the others run beside it. */
const LONGEST = '/test/cluster/watch.';
/** Tests that start whole clusters of their own run before the shared one is there: two at once are more than a small machine has memory for. */
const SHARED = '/test/cluster/shared/';

export default class LongFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((one, other) => (rankOf(one) < rankOf(other) ? -1 : 1)));
  }
}

function rankOf({ moduleId }: TestSpecification): string {
  const rank = moduleId.includes(LONGEST) ? 0 : moduleId.includes(SHARED) ? 2 : 1;
  return `${rank}${moduleId}`;
}
