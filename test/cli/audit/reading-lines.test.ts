import { expect, test } from 'vitest';
import { ReadingLines } from '../../../src/cli/cluster/audit/reading-lines.ts';

test('how far reading has come is said every five seconds, and never when it is quick', () => {
  let nowMs = 0;
  const said: string[] = [];
  const lines = new ReadingLines({ monotonicMs: () => nowMs }, (text) => said.push(text));
  const tell = (atMs: number, read: number): void => {
    nowMs = atMs;
    lines.tell('a', { read, all: 3000 });
  };
  tell(0, 0);
  tell(4999, 10);
  tell(5000, 1000);
  tell(5050, 1001);
  tell(10_000, 2999);
  tell(20_000, 3000);
  expect(said).toEqual([
    'Reading Kafka of a: 33% of 3,000 messages ...',
    'Reading Kafka of a: 99% of 3,000 messages ...',
  ]);
});
