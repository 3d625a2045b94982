import type { ReadKafka } from '../../../src/cluster/audit/topics/topic-follower.ts';
import type { NextOffset, Reading, ReceivedMessage } from '../../../src/cluster/kafka/ports.ts';

interface Sent {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

/** The topics of a Kafka, in memory, of one partition each; behind every message there is the end of its transaction. */
export class HeldTopics {
  readonly #topics = new Map<string, ReceivedMessage[]>();
  /** By topic: the offset of the oldest message that is kept. */
  readonly #first = new Map<string, bigint>();
  readonly #groups = new Map<string, NextOffset>();
  readonly #readings: Reading[] = [];
  /** Readers get nothing from it. */
  isSilent = false;

  send(topic: string, { key, value, timestamp }: Sent): void {
    const messages = this.#topics.get(topic) ?? [];
    this.#topics.set(topic, messages);
    const message = {
      topic,
      partition: 0,
      offset: BigInt(2 * messages.length),
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: {},
      timestamp,
    };
    messages.push(message);
    for (const reading of this.#readings) if (reading.topics.includes(topic)) give(reading, [message]);
  }

  /** The latest message of a key. */
  latest(topic: string, key: string): unknown {
    const found = this.#topics.get(topic)?.findLast((one) => Buffer.from(one.key ?? []).toString() === key);
    return found === undefined ? undefined : JSON.parse(Buffer.from(found.value!).toString());
  }

  /** The oldest messages leave the topic. */
  drop(topic: string, count: number): void {
    this.#first.set(topic, BigInt(2 * count));
  }

  /** The group has read the topic to its end, whatever comes later too, or up to an offset. */
  readBy(group: string, topic: string, offset = 1_000_000n): void {
    this.#groups.set(`${group} ${topic}`, { topic, partition: 0, offset });
  }

  read(): ReadKafka {
    return {
      admin: {
        offsets: (topic) => {
          const lastStable = BigInt(2 * (this.#topics.get(topic)?.length ?? 0));
          return Promise.resolve([{ partition: 0, first: this.#first.get(topic) ?? 0n, lastStable }]);
        },
        groupOffsets: (group, topic) => {
          const next = this.#groups.get(`${group} ${topic}`);
          return Promise.resolve(next === undefined ? [] : [next]);
        },
      },
      openReader: (reading) => {
        this.#readings.push(reading);
        for (const topic of this.isSilent ? [] : reading.topics) {
          const first = this.#first.get(topic) ?? 0n;
          give(reading, this.#topics.get(topic)?.filter(({ offset }) => offset >= first) ?? []);
        }
        return Promise.resolve({ close: () => Promise.resolve() });
      },
    };
  }
}

function give(reading: Reading, messages: readonly ReceivedMessage[]): void {
  const last = messages.at(-1);
  if (last === undefined) return;
  void reading.take(messages);
  reading.onProgress?.({ topic: last.topic, partition: 0, offset: last.offset + 2n });
}
