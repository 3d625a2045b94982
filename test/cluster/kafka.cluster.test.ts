import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKafkaAdmin } from '../../src/adapters/kafka/kafka-admin.ts';
import { openKafkaInspection } from '../../src/adapters/kafka/kafka-inspection.ts';
import { openKafkaPublisher } from '../../src/adapters/kafka/kafka-publisher.ts';
import { openKafkaReader } from '../../src/adapters/kafka/kafka-reader.ts';
import { openKafkaTransactor } from '../../src/adapters/kafka/kafka-transactor.ts';
import type {
  KafkaAdmin,
  KafkaMessage,
  KafkaPublisher,
  NextOffset,
  ReceivedMessage,
} from '../../src/cluster/kafka/ports.ts';
import { KafkaBroker } from './kafka/kafka-broker.ts';

const CLOSING_READERS = new URL('kafka/closing-readers.ts', import.meta.url).pathname;

/** A topic of which nothing has come for so long is read to its end, also on a busy machine. */
const QUIET_MS = 2500;

/** What adtally relies on of a Kafka client: whoever takes its place must pass this. */
let broker: KafkaBroker;
let admin: KafkaAdmin;
let count = 0;
/** Kafka refuses times that are an hour ahead. */
const NOW = Date.now();

const address = () => ({ brokers: [broker.address], clientId: 'test' });
const message = (text: string, key: string | null = text): KafkaMessage => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(text),
  timestamp: NOW,
});
const batch = (topic: string, ...texts: string[]) => [
  { topic, messages: texts.map((text) => message(text)) },
];
const texts = (messages: readonly ReceivedMessage[]): string[] =>
  messages.map(({ value }) => Buffer.from(value!).toString());

async function newTopic(partitions = 1): Promise<string> {
  const name = `t${++count}`;
  await admin.createTopic({ name, partitions, replicas: 1, config: {} });
  return name;
}

/** What is in the topic up to its last stable offset. */
async function readAll(
  topic: string,
  options: { readonly uncommitted?: boolean; readonly from?: readonly NextOffset[] } = {},
): Promise<ReceivedMessage[]> {
  const found: ReceivedMessage[] = [];
  let lastAt = 0;
  const reader = await openKafkaReader(address(), {
    topics: [topic],
    ...options,
    take: (messages) => {
      found.push(...messages);
      lastAt = performance.now();
      return Promise.resolve();
    },
    onFailure: (error) => found.push({ value: Buffer.from(error.message) } as unknown as ReceivedMessage),
  });
  lastAt = performance.now();
  while (performance.now() - lastAt < QUIET_MS) await sleep(50);
  await reader.close();
  return found;
}

/** Whether Kafka took it in. */
function published(publisher: KafkaPublisher, topic: string, text: string): Promise<boolean> {
  return publisher.publish(batch(topic, text)).then(
    () => true,
    () => false,
  );
}

beforeAll(async () => {
  broker = await KafkaBroker.start();
  admin = await openKafkaAdmin(address());
}, 60_000);
afterAll(async () => {
  await admin?.close();
  await broker?.remove();
});

describe('publishing', () => {
  test.for(['none', 'gzip', 'zstd'] as const)('what is sent is read, %s', async (compression) => {
    const topic = await newTopic(3);
    const publisher = openKafkaPublisher(address(), compression);
    const sent = {
      key: null,
      value: Buffer.from([0, 255, 128]),
      headers: { raw: Buffer.from([1, 2, 254]) },
      timestamp: NOW - 5,
    };
    await publisher.publish([
      { topic, messages: [sent, ...Array.from({ length: 200 }, (_, n) => message(`v${n}`))] },
    ]);
    await publisher.close();
    const found = await readAll(topic);
    expect(found.length).toBe(201);
    const odd = found.find(({ key }) => key === null)!;
    expect(odd).toMatchObject({ timestamp: NOW - 5, value: sent.value });
    expect(Buffer.from(odd.headers['raw']).equals(sent.headers.raw)).toBe(true);
    expect(new Set(found.map(({ partition }) => partition)).size).toBe(3);
  });

  test('messages of a key are in one partition, in their order', async () => {
    const topic = await newTopic(4);
    const publisher = openKafkaPublisher(address());
    for (let round = 0; round < 5; round++) {
      await publisher.publish([{ topic, messages: [message(`a${round}`, 'a'), message(`b${round}`, 'b')] }]);
    }
    await publisher.close();
    const ofA = (await readAll(topic)).filter(({ key }) => Buffer.from(key!).toString() === 'a');
    expect(texts(ofA)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    expect(new Set(ofA.map(({ partition }) => partition)).size).toBe(1);
  });

  test('without the topic fails and says which, and goes on once it is there', async () => {
    const topic = `t${++count}`;
    const publisher = openKafkaPublisher(address());
    await expect(publisher.publish(batch(topic, 'x'))).rejects.toMatchObject({ code: 'kafka_unreachable' });
    await expect(publisher.check([topic])).rejects.toMatchObject({ code: 'kafka_unreachable' });
    await admin.createTopic({ name: topic, partitions: 1, replicas: 1, config: {} });
    await publisher.publish(batch(topic, 'y'));
    await publisher.close();
    expect(texts(await readAll(topic))).toEqual(['y']);
  });

  test('what is refused loses nothing of what follows', async () => {
    const topic = await newTopic();
    const publisher = openKafkaPublisher(address());
    await publisher.publish(batch(topic, 'before'));
    const large = message('x'.repeat(3_000_000), 'key');
    await expect(publisher.publish([{ topic, messages: [large] }])).rejects.toMatchObject({
      code: 'kafka_unreachable',
    });
    await publisher.publish(batch(topic, 'after'));
    await publisher.close();
    expect(texts(await readAll(topic))).toEqual(['before', 'after']);
  });
});

describe('what a look into it shows', () => {
  test('how far readers come, whose transaction holds them up, and where a group goes on', async () => {
    const topic = await newTopic(2);
    const inspection = await openKafkaInspection(address());
    const transactor = await openKafkaTransactor(address(), { transactionalId: topic, timeoutMs: 30_000 });
    const first = await transactor.begin();
    await first.send([{ topic, messages: [message('a', 'k'), message('b', 'k')] }]);
    const { partition } = (await inspection.ends([topic])).find(({ end }) => end > 0n)!;
    const at = async (): Promise<object> =>
      (await inspection.ends([topic])).find((one) => one.partition === partition)!;
    expect(await at()).toEqual({ topic, partition, first: 0n, lastStable: 0n, end: 2n });
    const [open] = await inspection.openTransactions();
    expect(open).toMatchObject({ transactionalId: topic, partitions: [`${topic}/${partition}`] });
    expect(Math.abs(open.startedAt - Date.now())).toBeLessThan(60_000);

    await first.sendOffsets('g1', [{ topic, partition, offset: 2n }]);
    await first.commit();
    await expect
      .poll(at, { timeout: 10_000 })
      .toEqual({ topic, partition, first: 0n, lastStable: 3n, end: 3n });
    await expect.poll(() => inspection.openTransactions(), { timeout: 10_000 }).toEqual([]);
    const offsets = await inspection.groupOffsets('g1', [topic]);
    expect(offsets.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset)).toEqual(
      [0, 1].map((one) => (one === partition ? 2n : null)),
    );
    expect(await inspection.listsTransactions()).toBe(true);
    await transactor.close();
    await inspection.close();
  });
});

test('ends of transactions and what was aborted are no messages to come, an open transaction may bring some', async () => {
  const topic = await newTopic(1);
  const inspection = await openKafkaInspection(address());
  const transactor = await openKafkaTransactor(address(), { transactionalId: topic, timeoutMs: 30_000 });
  const other = await openKafkaTransactor(address(), { transactionalId: `${topic}-2`, timeoutMs: 30_000 });
  const holds = (offset: bigint, to: bigint): Promise<boolean> =>
    inspection.holdsMessages({ topic, partition: 0, offset }, to);
  const stable = async (to: bigint): Promise<void> => {
    await expect
      .poll(async () => (await inspection.ends([topic]))[0].lastStable, { timeout: 10_000 })
      .toBe(to);
  };
  const first = await transactor.begin();
  await first.send(batch(topic, 'a', 'b'));
  await first.commit();
  await stable(3n);
  expect([await holds(0n, 3n), await holds(1n, 3n), await holds(2n, 3n)]).toEqual([true, true, false]);
  const second = await transactor.begin();
  await second.send(batch(topic, 'c', 'd'));
  expect([await holds(2n, 3n), await holds(2n, 5n)]).toEqual([false, true]);
  const between = await other.begin();
  await between.send(batch(topic, 'e'));
  await second.abort();
  // The end of the aborted one is at 6, and the other one is open.
  await stable(5n);
  expect([await holds(2n, 5n), await holds(2n, 7n)]).toEqual([false, true]);
  await between.abort();
  await stable(8n);
  expect([await holds(2n, 8n), await holds(0n, 8n)]).toEqual([false, true]);
  const last = await transactor.begin();
  await last.send(batch(topic, 'f'));
  await last.commit();
  await stable(10n);
  expect([await holds(2n, 8n), await holds(2n, 10n), await holds(9n, 10n)]).toEqual([false, true, false]);
  for (const one of [transactor, other, inspection]) await one.close();
});

describe('transactions', () => {
  test('aborted messages of two producers at a time are not read, whoever is aborted first', async () => {
    const topic = await newTopic(1);
    const open = async (id: string) =>
      openKafkaTransactor(address(), { transactionalId: `${topic}-${id}`, timeoutMs: 30_000 });
    const [early, late, good] = [await open('early'), await open('late'), await open('good')];
    const [first, second, third] = [await early.begin(), await late.begin(), await good.begin()];
    await first.send(batch(topic, 'E1', 'E2'));
    await third.send(batch(topic, 'G1'));
    await second.send(batch(topic, 'L1', 'L2'));
    await second.abort();
    await first.send(batch(topic, 'E3'));
    await first.abort();
    await third.commit();
    expect(texts(await readAll(topic))).toEqual(['G1']);
    for (const one of [early, late, good]) await one.close();
  });

  test('aborted messages are not read, between committed ones', async () => {
    const topic = await newTopic(2);
    const transactor = await openKafkaTransactor(address(), { transactionalId: topic, timeoutMs: 30_000 });
    for (const [end, text] of [
      ['abort', 'A1'],
      ['commit', 'C1'],
      ['abort', 'A2'],
      ['commit', 'C2'],
    ] as const) {
      const transaction = await transactor.begin();
      await transaction.send([
        { topic, messages: Array.from({ length: 50 }, (_, n) => message(text, `k${n}`)) },
      ]);
      await transaction[end]();
    }
    await transactor.close();
    const found = texts(await readAll(topic));
    expect(found.length).toBe(100);
    expect(new Set(found)).toEqual(new Set(['C1', 'C2']));
    expect((await readAll(topic, { uncommitted: true })).length).toBe(200);
  });

  test('another holder of the id fences the first one', async () => {
    const topic = await newTopic();
    const options = { transactionalId: topic, timeoutMs: 30_000 };
    const first = await openKafkaTransactor(address(), options);
    const open = await first.begin();
    await open.send(batch(topic, 'zombie'));
    const second = await openKafkaTransactor(address(), options);
    const transaction = await second.begin();
    await transaction.send(batch(topic, 'owner'));
    await transaction.commit();
    await expect(open.send(batch(topic, 'late'))).rejects.toMatchObject({ code: 'kafka_fenced' });
    await first.close();
    await second.close();
    expect(texts(await readAll(topic))).toEqual(['owner']);
  });

  test('of a process that is killed in one nothing is read, and its successor goes on', async () => {
    const topic = await newTopic();
    const program = new URL('kafka/killed-transactor.ts', import.meta.url);
    const child = spawn(process.execPath, [program.pathname, broker.address, topic], { stdio: 'inherit' });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    // Its transaction is open, and holds back whoever reads committed messages.
    expect((await readAll(topic, { uncommitted: true })).length).toBe(100);
    expect(await admin.offsets(topic)).toEqual([{ partition: 0, first: 0n, lastStable: 0n }]);
    const successor = await openKafkaTransactor(address(), { transactionalId: topic, timeoutMs: 60_000 });
    const transaction = await successor.begin();
    await transaction.send(batch(topic, 'after'));
    await transaction.commit();
    await successor.close();
    expect(texts(await readAll(topic))).toEqual(['after']);
  });

  test('offsets are committed with the messages, or not', async () => {
    const [topic, source] = [await newTopic(), await newTopic()];
    const transactor = await openKafkaTransactor(address(), { transactionalId: topic, timeoutMs: 30_000 });
    for (const end of ['commit', 'abort'] as const) {
      const transaction = await transactor.begin();
      await transaction.send(batch(topic, end));
      await transaction.sendOffsets(`g-${topic}`, [{ topic: source, partition: 0, offset: 2n }]);
      await transaction[end]();
    }
    await transactor.close();
    expect(texts(await readAll(topic))).toEqual(['commit']);
    expect(await admin.groupOffsets(`g-${topic}`, source)).toEqual([
      { topic: source, partition: 0, offset: 2n },
    ]);
    expect(await admin.groupOffsets('nobody', source)).toEqual([]);
  });
});

describe('reading', () => {
  test('begins at the offsets given, and elsewhere at the begin', async () => {
    const topic = await newTopic(2);
    const publisher = openKafkaPublisher(address());
    await publisher.publish([{ topic, messages: Array.from({ length: 100 }, (_, n) => message(`v${n}`)) }]);
    await publisher.close();
    const all = await admin.offsets(topic);
    const found = await readAll(topic, { from: [{ topic, partition: 0, offset: 7n }] });
    expect(found.length).toBe(100 - 7);
    const first = found.find(({ partition }) => partition === 0)!;
    expect(first.offset).toBe(7n);
    expect(all.reduce((sum, { lastStable }) => sum + lastStable, 0n)).toBe(100n);
  });

  test('tells how far it is, over the ends of transactions and what was never committed, too', async () => {
    const topic = await newTopic();
    const transactor = await openKafkaTransactor(address(), { transactionalId: topic, timeoutMs: 30_000 });
    for (const end of ['commit', 'abort', 'abort'] as const) {
      const transaction = await transactor.begin();
      await transaction.send(batch(topic, end, end));
      await transaction[end]();
    }
    await transactor.close();
    // Two messages and the end of their transaction, three times; Kafka may answer before the last end is written.
    const lastStable = 9n;
    await expect.poll(async () => (await admin.offsets(topic))[0].lastStable).toBe(lastStable);
    const heard: (string | bigint)[] = [];
    const reader = await openKafkaReader(address(), {
      topics: [topic],
      take: (messages) => Promise.resolve(void heard.push(...texts(messages))),
      onProgress: ({ offset }) => heard.push(offset),
      onFailure: (error) => heard.push(error.message),
    });
    await expect.poll(() => heard.at(-1), { timeout: 15_000 }).toBe(lastStable);
    await reader.close();
    expect(heard.filter((one) => typeof one === 'string')).toEqual(['commit', 'commit']);
  });

  test('goes on where it was when Kafka was away, and ends when it is closed then', async () => {
    const topic = await newTopic();
    const publisher = openKafkaPublisher(address());
    await publisher.publish(batch(topic, 'one', 'two'));
    const heard: string[] = [];
    const reader = await openKafkaReader(address(), {
      topics: [topic],
      take: (messages) => Promise.resolve(void heard.push(...texts(messages))),
      onFailure: (error) => heard.push(error.message),
    });
    await expect.poll(() => heard, { timeout: 15_000 }).toEqual(['one', 'two']);
    const args = [CLOSING_READERS, broker.address, topic, '30', '2000'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const said = child.stdout.setEncoding('utf8');
      expect(await once(said, 'data')).toEqual(['open\n']);
      await broker.signal('SIGKILL');
      await sleep(1000);
      child.stdin.write('close\n');
      await broker.startAgain();
      if (child.exitCode === null) await once(child, 'exit', { signal: AbortSignal.timeout(30_000) });
      expect(child.exitCode).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
    await expect.poll(() => published(publisher, topic, 'three'), { timeout: 30_000 }).toBe(true);
    await expect.poll(() => heard, { timeout: 30_000 }).toContain('three');
    // What was refused while it came back may be there, too.
    expect(heard.filter((text) => text !== 'three')).toEqual(['one', 'two']);
    await reader.close();
    await publisher.close();
  });
});

describe('topics', () => {
  test('are described, changed and grown', async () => {
    const name = `t${++count}`;
    await admin.createTopic({ name, partitions: 2, replicas: 1, config: { 'retention.ms': '1000' } });
    await admin.setConfig(name, { 'cleanup.policy': 'compact' });
    await admin.addPartitions(name, 3);
    const [topic] = await admin.topics([name, 'nothing']);
    expect(topic).toMatchObject({ name, partitions: 3, replicas: 1 });
    expect(topic.config).toMatchObject({ 'retention.ms': '1000', 'cleanup.policy': 'compact' });
    expect(await admin.brokers()).toBe(1);
  });
});

test('a broker that is not there is said to be unreachable', async () => {
  const nowhere = { brokers: ['127.0.0.1:1'], clientId: 'test' };
  await expect(openKafkaAdmin(nowhere)).rejects.toMatchObject({ code: 'kafka_unreachable' });
  const publisher = openKafkaPublisher(nowhere);
  await expect(publisher.publish(batch('t', 'x'))).rejects.toMatchObject({ code: 'kafka_unreachable' });
  await publisher.close();
});
