import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type {
  GroupOffset,
  KafkaInspection,
  OpenTransaction,
  PartitionEnds,
} from '../../cluster/kafka/inspection.ts';
import type { NextOffset } from '../../cluster/kafka/ports.ts';
import { type KafkaAddress, kafkaClient } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';
import { askBroker } from './wire/wire-connection.ts';
import { fetchBatches, firstCommitted } from './wire/wire-fetch.ts';
import {
  apiVersions,
  DESCRIBE_TRANSACTIONS,
  describeTransactions,
  listEnds,
  LIST_TRANSACTIONS,
  listTransactions,
  type WirePartition,
  type WireRequest,
} from './wire/wire-requests.ts';

/** Half a minute. */
const RETRIES_MAX = 60;
const RETRY_MS = 500;
/** Of all states that a transaction may hang in. */
const OPEN_STATES = ['Ongoing', 'PrepareCommit', 'PrepareAbort'];

/** Rejects with kafka_unreachable. */
export async function openKafkaInspection(address: KafkaAddress): Promise<KafkaInspection> {
  const admin = kafkaClient(address).admin();
  try {
    await admin.connect();
  } catch (error) {
    throw kafkaError(error, 'answer');
  }
  return new Inspection(admin, address.clientId);
}

class Inspection implements KafkaInspection {
  readonly #admin: Admin;
  readonly #clientId: string;

  constructor(admin: Admin, clientId: string) {
    this.#admin = admin;
    this.#clientId = clientId;
  }

  async ends(topics: readonly string[]): Promise<PartitionEnds[]> {
    return this.#asked('give the ends of its topics', async () => {
      const leaders = await this.#leaders(topics);
      const stable = await Promise.all(topics.map((topic) => this.#stable(topic)));
      const ends = await Promise.all(
        [...leaders].map(([broker, partitions]) => this.#ask(broker, listEnds(partitions))),
      );
      const endOf = new Map(
        ends.flat().map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
      );
      return stable.flat().map((one) => {
        const end = endOf.get(`${one.topic}/${one.partition}`) ?? one.lastStable;
        // Both were asked for one after the other: what was committed in between is no gap.
        return { ...one, end: end > one.lastStable ? end : one.lastStable };
      });
    });
  }

  async openTransactions(): Promise<OpenTransaction[]> {
    return this.#asked('list its transactions', async () => {
      const brokers = await this.#brokers();
      const found = await Promise.all(brokers.map((broker) => this.#transactionsOf(broker)));
      return found.flat();
    });
  }

  async groupOffsets(group: string, topics: readonly string[]): Promise<GroupOffset[]> {
    return this.#asked(`give the offsets of group ${group}`, async () => {
      const found = await retried(() => this.#admin.fetchOffsets({ groupId: group, topics: [...topics] }));
      return found.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => ({
          topic,
          partition,
          offset: offset === '-1' ? null : BigInt(offset),
        })),
      );
    });
  }

  async holdsMessages(from: NextOffset, to: bigint): Promise<boolean> {
    return this.#asked(`give messages of ${from.topic}`, async () => {
      const leaders = await this.#leaders([from.topic]);
      const isLed = (one: WirePartition): boolean => one.partition === from.partition;
      const [broker] = [...leaders].find(([, partitions]) => partitions.some(isLed)) ?? [];
      if (broker === undefined) throw new Error(`${from.topic}/${from.partition} has no leader`);
      for (let { offset } = from; offset < to;) {
        const found = await this.#ask(broker, fetchBatches({ ...from, offset }));
        if (found.error !== 0) throw new Error(`error ${found.error} for ${from.topic}/${from.partition}`);
        const batch = firstCommitted(found, offset);
        if (batch !== undefined) return batch.first < to;
        const last = found.batches.at(-1);
        // Nothing more is given before a transaction that is open.
        if (last === undefined) return found.lastStable < to;
        offset = last.last + 1n;
      }
      return false;
    });
  }

  async listsTransactions(): Promise<boolean> {
    return this.#asked('tell what it knows', async () => {
      const brokers = await this.#brokers();
      const known = await Promise.all(brokers.map((broker) => this.#ask(broker, apiVersions())));
      return known.every((apis) => apis.has(LIST_TRANSACTIONS) && apis.has(DESCRIBE_TRANSACTIONS));
    });
  }

  async close(): Promise<void> {
    await this.#admin.disconnect().catch(() => undefined);
  }

  async #transactionsOf(broker: string): Promise<OpenTransaction[]> {
    const listed = await Promise.all(OPEN_STATES.map((state) => this.#ask(broker, listTransactions(state))));
    const ids = listed.flatMap((one) => one.ids);
    if (ids.length === 0) return [];
    // Who lists a transaction is who coordinates it. One that has ended meanwhile has no start.
    const described = await this.#ask(broker, describeTransactions(ids));
    return described
      .filter(({ error, startedAt }) => error === 0 && startedAt >= 0n)
      .map(({ id, startedAt, partitions }) => ({
        transactionalId: id,
        startedAt: Number(startedAt),
        partitions: partitions.map(({ topic, partition }) => `${topic}/${partition}`),
      }));
  }

  async #stable(topic: string): Promise<Omit<PartitionEnds, 'end'>[]> {
    const found = await this.#admin.fetchTopicOffsets(topic);
    // kafkajs asks as a reader of committed messages does: its "high" is the last stable offset.
    return found.map(({ partition, low, high }) => ({
      topic,
      partition,
      first: BigInt(low),
      lastStable: BigInt(high),
    }));
  }

  async #brokers(): Promise<string[]> {
    const { brokers } = await this.#admin.describeCluster();
    return brokers.map(({ host, port }) => `${host}:${port}`);
  }

  /** The partitions of topics by the broker that leads them. */
  async #leaders(topics: readonly string[]): Promise<Map<string, WirePartition[]>> {
    const { brokers } = await this.#admin.describeCluster();
    const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
    const { topics: found } = await this.#admin.fetchTopicMetadata({ topics: [...topics] });
    const all = found.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionId, leader }) => ({
        broker: addresses.get(leader) ?? '',
        topic: name,
        partition: partitionId,
      })),
    );
    const led = all.filter(({ broker }) => broker !== '');
    return Map.groupBy(led, ({ broker }) => broker);
  }

  #ask<Answer>(broker: string, request: WireRequest<Answer>): Promise<Answer> {
    return askBroker(broker, this.#clientId, request);
  }

  async #asked<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw kafkaError(error, doing);
    }
  }
}

/** A coordinator that has just started is asked again: kafkajs does so everywhere but here. */
async function retried<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === RETRIES_MAX || (error as { readonly retriable?: unknown }).retriable !== true)
        throw error;
      await sleep(RETRY_MS);
    }
  }
}
