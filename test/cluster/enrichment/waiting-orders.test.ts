import { describe, expect, test } from 'vitest';
import { WaitingOrders } from '../../../src/cluster/enrichment/waiting-orders.ts';
import type { ReceivedMessage } from '../../../src/cluster/kafka/ports.ts';

const TOPIC = 'a.attributed-orders';
const NONE: ReadonlySet<string> = new Set();

/** Messages of a partition, at offsets from `offset` on; each is a second later than the one before. */
function messages(
  offset: number,
  records: readonly (Readonly<Record<string, unknown>> | null | string)[],
  partition = 0,
): ReceivedMessage[] {
  return records.map((record, n) => ({
    topic: TOPIC,
    partition,
    offset: BigInt(offset + n),
    key: null,
    value: record === null ? null : Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
    headers: {},
    timestamp: (offset + n) * 1000,
  }));
}

const record = (orderId: string, enrichmentStatus: string | null, over = {}): Record<string, unknown> => ({
  orderId,
  orderVersion: 1,
  model: 'last_touch',
  rank: 0,
  enrichmentStatus,
  ...over,
});

function waitingAfter(...batches: ReceivedMessage[][]): WaitingOrders {
  const waiting = new WaitingOrders({ model: 'last_touch', deadlineMs: 60_000 });
  for (const batch of batches) waiting.take(batch);
  return waiting;
}

const idsOf = (waiting: WaitingOrders, limit = 10, except = NONE): string[] =>
  waiting.pending(limit, except).map(({ orderId }) => orderId);

const offsets = (waiting: WaitingOrders): Record<number, bigint> =>
  Object.fromEntries(waiting.offsets().map(({ partition, offset }) => [partition, offset]));

describe('orders wait for their details', () => {
  test('from the first record that says so until one that does not', () => {
    const pending = messages(5, [record('o', 'pending'), record('o', 'pending')]);
    const waiting = waitingAfter(pending);
    expect(waiting.pending(10, NONE)).toMatchObject([{ orderId: 'o', orderVersion: 1, deadline: 65_000 }]);
    for (const status of ['ok', 'unavailable', null]) {
      const over = waitingAfter(pending, messages(7, [record('o', status)]));
      expect(idsOf(over)).toEqual([]);
      expect(over.size).toBe(0);
    }
  });

  test('anew with every version', () => {
    const waiting = waitingAfter(messages(0, [record('o', 'pending'), record('p', 'pending')]));
    waiting.answered({ orderId: 'o', orderVersion: 1 });
    expect(idsOf(waiting)).toEqual(['p']);
    waiting.take(messages(2, [record('o', 'pending'), record('o', 'pending', { orderVersion: 2 })]));
    expect(waiting.pending(10, NONE)).toMatchObject([
      { orderId: 'p', deadline: 61_000 },
      { orderId: 'o', orderVersion: 2, deadline: 63_000 },
    ]);
    waiting.answered({ orderId: 'o', orderVersion: 1 });
    expect(idsOf(waiting)).toEqual(['p', 'o']);
  });

  test('the earliest deadline first, of all partitions, and not those excepted', () => {
    const one = messages(10, [record('c', 'pending'), record('e', 'pending')]);
    const other = messages(9, [record('a', 'pending'), record('b', 'pending'), record('d', 'pending')], 1);
    const waiting = waitingAfter(one, other);
    expect(idsOf(waiting, 1)).toEqual(['a']);
    expect(idsOf(waiting, 3, new Set(['a']))).toHaveLength(3);
    expect(idsOf(waiting, 3, new Set(['a']))).not.toContain('a');
    expect(waiting.pending(10, NONE).map(({ deadline }) => deadline)).toEqual([
      69_000, 70_000, 70_000, 71_000, 71_000,
    ]);
  });

  test('as the first record of one model says', () => {
    const others = [record('o', 'pending', { rank: 1 }), record('o', 'pending', { model: 'linear' })];
    const foreign = ['{', 'null', '[]', '7', JSON.stringify({ orderId: 'o' }), null];
    expect(waitingAfter(messages(0, [...others, ...foreign])).size).toBe(0);
    const waiting = waitingAfter(messages(0, [record('o', 'pending'), ...others, ...foreign]));
    expect(idsOf(waiting)).toEqual(['o']);
  });
});

describe('who comes next begins', () => {
  test('at the oldest order that waits, and behind all that was read where none does', () => {
    const waiting = waitingAfter(
      messages(3, [record('o', 'ok'), record('p', 'pending'), record('q', 'pending')]),
      messages(8, [record('r', 'ok')], 1),
    );
    expect(offsets(waiting)).toEqual({ 0: 4n, 1: 9n });
    expect(waiting.offsets()[0].topic).toBe(TOPIC);
    // Its answer may still be lost.
    waiting.answered({ orderId: 'p', orderVersion: 1 });
    expect(offsets(waiting)).toEqual({ 0: 4n, 1: 9n });
    waiting.take(messages(6, [record('p', 'ok')]));
    expect(offsets(waiting)).toEqual({ 0: 5n, 1: 9n });
    waiting.take(messages(7, [record('q', 'unavailable')]));
    expect(offsets(waiting)).toEqual({ 0: 8n, 1: 9n });
  });

  test('and finds the same orders waiting', () => {
    const all = [
      record('o', 'pending'),
      record('p', 'pending'),
      record('o', 'ok'),
      record('p', 'pending', { orderVersion: 2 }),
      record('q', 'pending'),
      record('p', 'unavailable', { orderVersion: 2 }),
      record('r', 'pending'),
    ];
    for (let read = 1; read <= all.length; read++) {
      const first = waitingAfter(messages(0, all.slice(0, read)));
      const begin = Number(first.offsets()[0].offset);
      const second = waitingAfter(messages(begin, all.slice(begin, read)));
      expect(second.pending(10, NONE)).toEqual(first.pending(10, NONE));
    }
  });

  test('anywhere when the order’s record has moved to a new partition', () => {
    const waiting = waitingAfter(messages(0, [record('o', 'pending')]), messages(0, [record('o', 'ok')], 1));
    expect(waiting.size).toBe(0);
  });
});
