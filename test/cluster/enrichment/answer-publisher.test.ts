import { expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { AnswerPublisher } from '../../../src/cluster/enrichment/answer-publisher.ts';
import type { KafkaTransactor, NextOffset, TopicMessages } from '../../../src/cluster/kafka/ports.ts';
import type { EnrichmentResult } from '../../../src/enrichment/ports.ts';

const ok = (orderId: string): EnrichmentResult => ({
  orderId,
  orderVersion: 2,
  status: 'ok',
  enrichment: { city: 'Paris' },
});
const OFFSETS: readonly NextOffset[] = [{ topic: 'records', partition: 0, offset: 7n }];

/** Transactions in memory; `failing` says what fails next. */
class MemoryTransactions {
  readonly committed: { sent: TopicMessages[]; group?: string; offsets?: readonly NextOffset[] }[] = [];
  readonly events: string[] = [];
  failing: { at: 'begin' | 'send' | 'commit'; error: Error } | undefined;
  closed = 0;

  readonly open = (): Promise<KafkaTransactor> => {
    this.events.push('open');
    return Promise.resolve({
      begin: async () => {
        const open: (typeof this.committed)[number] = { sent: [] };
        await this.#step('begin');
        return {
          send: async (batch) => {
            await this.#step('send');
            open.sent.push(...batch);
          },
          sendOffsets: (group, offsets) => {
            Object.assign(open, { group, offsets });
            return Promise.resolve();
          },
          commit: async () => {
            await this.#step('commit');
            this.committed.push(open);
          },
          abort: () => Promise.resolve(),
        };
      },
      close: () => {
        this.closed++;
        return Promise.resolve();
      },
    });
  };

  async #step(at: 'begin' | 'send' | 'commit'): Promise<void> {
    this.events.push(at);
    await Promise.resolve();
    if (this.failing?.at === at) throw this.failing.error;
  }
}

function world(): {
  kafka: MemoryTransactions;
  publisher: AnswerPublisher;
  published: string[];
  fenced: Error[];
} {
  const kafka = new MemoryTransactions();
  const published: string[] = [];
  const fenced: Error[] = [];
  const publisher = new AnswerPublisher({
    topic: 'a.enrichments',
    group: 'g',
    openTransactor: kafka.open,
    now: () => 5,
    offsets: () => OFFSETS,
    onPublished: ({ orderId }) => published.push(orderId),
    onFenced: (error) => fenced.push(error),
  });
  return { kafka, publisher, published, fenced };
}

const textOf = (bytes: Uint8Array | null): string => Buffer.from(bytes!).toString();

test('answers go with the position they belong to, those that wait together', async () => {
  const { kafka, publisher, published } = world();
  const unavailable = { orderId: 'u', orderVersion: 1, status: 'unavailable', enrichment: null } as const;
  await Promise.all([publisher.publish(ok('o')), publisher.publish(unavailable), publisher.publish(ok('p'))]);
  expect(kafka.committed.map(({ sent }) => sent[0].messages.length)).toEqual([1, 2]);
  const [{ sent, group, offsets }, second] = kafka.committed;
  expect({ group, offsets }).toEqual({ group: 'g', offsets: OFFSETS });
  expect(sent[0].topic).toBe('a.enrichments');
  expect(
    sent[0].messages.map(({ key, value, timestamp }) => [textOf(key), textOf(value), timestamp]),
  ).toEqual([['o', '{"orderId":"o","orderVersion":2,"status":"ok","enrichment":{"city":"Paris"}}', 5]]);
  expect(textOf(second.sent[0].messages[0].value)).toBe(
    '{"orderId":"u","orderVersion":1,"status":"unavailable"}',
  );
  expect(published).toEqual(['o', 'u', 'p']);
  expect(kafka.events.filter((event) => event === 'open')).toHaveLength(1);
});

test.each(['begin', 'send', 'commit'] as const)(
  'a failure at %s is told, and the id taken anew',
  async (at) => {
    const { kafka, publisher, published, fenced } = world();
    kafka.failing = { at, error: new AdtallyError('kafka_unreachable', 'no answer') };
    await expect(publisher.publish(ok('o'))).rejects.toMatchObject({ code: 'kafka_unreachable' });
    expect(published).toEqual([]);
    kafka.failing = undefined;
    await publisher.publish(ok('o'));
    expect(published).toEqual(['o']);
    expect(kafka.events.filter((event) => event === 'open')).toHaveLength(2);
    expect(kafka.closed).toBe(1);
    expect(fenced).toEqual([]);
  },
);

test('one that another has replaced never takes the id back', async () => {
  const { kafka, publisher, fenced } = world();
  kafka.failing = { at: 'commit', error: new AdtallyError('kafka_fenced', 'another one') };
  await expect(publisher.publish(ok('o'))).rejects.toMatchObject({ code: 'kafka_fenced' });
  kafka.failing = undefined;
  await expect(publisher.publish(ok('p'))).rejects.toMatchObject({ code: 'kafka_fenced' });
  expect(fenced).toHaveLength(1);
  expect(kafka.committed).toEqual([]);
  await publisher.close();
});

test('a batch is bounded, whatever waits', async () => {
  const { kafka, publisher } = world();
  await Promise.all(Array.from({ length: 200 }, (_, n) => publisher.publish(ok(`o${n}`))));
  const sizes = kafka.committed.map(({ sent }) => sent[0].messages.length);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(200);
  // With 16 KiB of details each they must be within 1 MiB.
  expect(Math.max(...sizes) * 17 * 1024).toBeLessThan(1024 * 1024);
});
