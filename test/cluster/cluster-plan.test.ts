import { describe, expect, test } from 'vitest';
import { mirroredTopics } from '../../src/cluster/cluster-plan.ts';
import { checkTransactionTimeout, TRANSACTION_TIMEOUT_MS } from '../../src/cluster/render/topic-tables.ts';

test('a region sends its peer what was counted, its orders and its records', () => {
  expect(mirroredTopics('b')).toEqual(['b.orders', 'b.clean', 'b.ad-minutes', 'b.attributed-orders']);
});

describe('the transactions of the jobs', () => {
  test('must be allowed to last as long as the jobs ask for', () => {
    expect(() => checkTransactionTimeout(TRANSACTION_TIMEOUT_MS)).not.toThrow();
    expect(() => checkTransactionTimeout(TRANSACTION_TIMEOUT_MS - 1)).toThrow(
      /transaction\.max\.timeout\.ms is 899999; the jobs need 900000/,
    );
  });
});
