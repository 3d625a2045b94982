import { BaseSequencer, type TestSpecification } from 'vitest/node';

const SHARED = '/test/cluster/shared/';

/** Tests that start clusters of their own run before the shared one is there: two at once are more than a small machine has memory for. */
export default class SharedLast extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((one, other) => (rankOf(one) < rankOf(other) ? -1 : 1)));
  }
}

function rankOf({ moduleId }: TestSpecification): string {
  return `${moduleId.includes(SHARED) ? 1 : 0}${moduleId}`;
}
