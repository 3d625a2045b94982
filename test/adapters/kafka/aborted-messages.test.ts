import { expect, test } from 'vitest';
import { hideAborted } from '../../../src/adapters/kafka/aborted-messages.ts';

type Partition = Parameters<typeof hideAborted>[0];

const message = (offset: number, producerId: string, key = 'k', isControlRecord = false) => ({
  offset: String(offset),
  key: Buffer.from(key),
  isControlRecord,
  batchContext: { producerId, inTransaction: producerId !== 'none' },
});
const abort = (offset: number, producerId: string) => message(offset, producerId, '\0\0\0\0', true);
const commit = (offset: number, producerId: string) => message(offset, producerId, '\0\0\0\u0001', true);

/** Offsets that a reader gets. */
function read(messages: Partition['messages'], aborted: readonly (readonly [string, number])[]): number[] {
  const abortedTransactions = aborted.map(([producerId, first]) => ({
    producerId,
    firstOffset: String(first),
  }));
  const copies = messages.map((one) => ({ ...one }));
  const partition: Partition = { messages: copies, abortedTransactions };
  hideAborted(partition);
  // kafkajs finds nothing more to hide.
  expect(partition.abortedTransactions).toEqual([]);
  return partition.messages.filter((one) => !one.isControlRecord).map(({ offset }) => Number(offset));
}

test('what was aborted is not read, in whatever order transactions began and ended', () => {
  // The one that began later was aborted first, and is listed first.
  const messages = [
    message(8, 'A'),
    message(9, 'A'),
    message(10, 'B'),
    abort(11, 'B'),
    message(12, 'A'),
    abort(13, 'A'),
  ];
  expect(
    read(messages, [
      ['B', 10],
      ['A', 8],
    ]),
  ).toEqual([]);
});

test('nor when several of them began before the part that was fetched', () => {
  const messages = [
    message(20, 'B'),
    message(21, 'A'),
    message(22, 'C'),
    abort(23, 'A'),
    abort(24, 'B'),
    commit(25, 'C'),
  ];
  expect(
    read(messages, [
      ['A', 3],
      ['B', 5],
    ]),
  ).toEqual([22]);
});

test('what the same producers commit before and after is read, and so is what is in no transaction', () => {
  const messages = [
    message(1, 'A'),
    commit(2, 'A'),
    message(3, 'A'),
    message(4, 'none'),
    abort(5, 'A'),
    message(6, 'A'),
    commit(7, 'A'),
    message(8, 'A'),
    abort(9, 'A'),
    message(10, 'A'),
  ];
  expect(
    read(messages, [
      ['A', 3],
      ['A', 8],
    ]),
  ).toEqual([1, 4, 6, 10]);
  expect(read(messages, [])).toEqual([1, 3, 4, 6, 8, 10]);
});
