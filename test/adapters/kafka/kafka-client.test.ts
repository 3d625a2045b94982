import { expect, test } from 'vitest';
import { kafkaClient } from '../../../src/adapters/kafka/kafka-client.ts';

test('trouble with Kafka is told, and what belongs to every transaction is not', () => {
  const told: [object, string][] = [];
  const log = { warn: (fields: object, message: string): void => void told.push([fields, message]) };
  const logger = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'test', log }).logger();
  const busy =
    'The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing';
  logger.warn('Response AddPartitionsToTxn(key: 24, version: 1)', { error: busy, broker: '127.0.0.1:1' });
  logger.warn(`Failed to send messages: ${busy}`, { retryCount: 0 });
  expect(told).toEqual([]);
  logger.warn('Connection timeout', { error: 'too late', broker: '127.0.0.1:1', secret: 'x' });
  expect(told).toEqual([
    [
      { error: 'too late', broker: '127.0.0.1:1', retryCount: undefined },
      expect.stringMatching(/Connection timeout$/),
    ],
  ]);
});
