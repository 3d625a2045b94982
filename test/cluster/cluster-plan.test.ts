import { expect, test } from 'vitest';
import { mirroredTopics } from '../../src/cluster/cluster-plan.ts';

test('a region sends its peer what was counted, its orders and its records', () => {
  expect(mirroredTopics('b')).toEqual(['b.orders', 'b.clean', 'b.ad-minutes', 'b.attributed-orders']);
});
