import { describe, expect, test } from 'vitest';
import { mirroredTopics, planTopics } from '../../src/cluster/cluster-plan.ts';
import { checkTransactionTimeout, TRANSACTION_TIMEOUT_MS } from '../../src/cluster/render/topic-tables.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';

const spec = resolveSpec({ regions: ['a', 'b'], retention: { log: '2d' } }, { environment: {}, flags: {} });

describe('the topics of a region’s Kafka', () => {
  test('are its own and those mirrored from its peer', () => {
    const names = planTopics(spec, 'a').map(({ name }) => name);
    expect(names).toHaveLength(13);
    expect(names.filter((name) => name.startsWith('b.'))).toEqual(mirroredTopics('b'));
    expect(mirroredTopics('b')).toEqual(['b.orders', 'b.clean', 'b.ad-minutes', 'b.attributed-orders']);
  });

  test('keep the latest of each key where only that counts, and the others for as long as the log', () => {
    const topics = planTopics(spec, 'a', 6);
    const compacted = topics.filter(({ cleanup }) => cleanup === 'compact');
    expect(compacted.map(({ name, retentionMs }) => [name, retentionMs])).toEqual([
      ['a.verdicts', null],
      ['a.ad-minutes', null],
      ['a.attributed-orders', null],
      ['b.ad-minutes', null],
      ['b.attributed-orders', null],
    ]);
    const others = topics.filter(({ cleanup }) => cleanup === 'delete');
    expect(new Set(others.map(({ retentionMs }) => retentionMs))).toEqual(new Set([2 * 86_400_000]));
    expect(new Set(topics.map(({ partitions }) => partitions))).toEqual(new Set([6]));
  });
});

describe('the transactions of the jobs', () => {
  test('must be allowed to last as long as the jobs ask for', () => {
    expect(() => checkTransactionTimeout(TRANSACTION_TIMEOUT_MS)).not.toThrow();
    expect(() => checkTransactionTimeout(TRANSACTION_TIMEOUT_MS - 1)).toThrow(
      /transaction\.max\.timeout\.ms is 899999; the jobs need 900000/,
    );
  });
});
