import kafkajs, { type Admin, type Message, type PartitionMetadata, type RecordMetadata } from 'kafkajs';
import { AdtallyError } from '../../base/errors.ts';
import { MINUTE_MS } from '../../base/units.ts';
import type { KafkaMessage, TopicMessages } from '../../cluster/kafka/ports.ts';

/** Messages as kafkajs takes them, each with its partition, and which partitions those are. */
export interface Partitioned {
  readonly topicMessages: { topic: string; messages: Message[] }[];
  /** `topic/partition`. */
  readonly partitions: ReadonlySet<string>;
}

/**
 * Gives each message its partition, as Kafka's own clients do: by the key's murmur2, or in turn. It is done once and not, as
 * kafkajs would, at every try: a message without a key would then go elsewhere at the second try, and Kafka would take another
 * batch for the one it has already and drop it.
 */
export class Partitioner {
  readonly #admin: Admin;
  readonly #partitions = new Map<string, { readonly all: PartitionMetadata[]; readonly until: number }>();
  readonly #choose = kafkajs.Partitioners.DefaultPartitioner();

  constructor(admin: Admin) {
    this.#admin = admin;
  }

  async divide(batch: readonly TopicMessages[]): Promise<Partitioned> {
    const partitions = new Set<string>();
    const topicMessages: Partitioned['topicMessages'] = [];
    for (const { topic, messages } of batch) {
      const partitionMetadata = await this.#partitionsOf(topic);
      const placed = messages.map((message) => {
        const key = message.key === null ? null : bufferOf(message.key);
        const partition = this.#choose({ topic, partitionMetadata, message: { key, value: null } });
        partitions.add(`${topic}/${partition}`);
        return messageOf(message, key, partition);
      });
      topicMessages.push({ topic, messages: placed });
    }
    return { topicMessages, partitions };
  }

  /** Throws what it takes to find out, and AdtallyError kafka_unreachable for a topic that is not there. */
  async refresh(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      const { topics: found } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      const all = found.find(({ name }) => name === topic)?.partitions ?? [];
      if (all.length === 0) throw noTopic(topic);
      this.#partitions.set(topic, { all, until: Date.now() + MINUTE_MS });
    }
  }

  async #partitionsOf(topic: string): Promise<PartitionMetadata[]> {
    const known = this.#partitions.get(topic);
    if (known !== undefined && known.until > Date.now()) return known.all;
    await this.refresh([topic]);
    return this.#partitions.get(topic)!.all;
  }
}

function noTopic(topic: string): AdtallyError {
  return new AdtallyError(
    'kafka_unreachable',
    `Kafka has no topic ${topic}; "adtally cluster apply" makes it.`,
    { retryAfterSeconds: 1 },
  );
}

function messageOf(
  { value, headers, timestamp }: KafkaMessage,
  key: Buffer | null,
  partition: number,
): Message {
  return {
    key,
    value: value === null ? null : bufferOf(value),
    partition,
    timestamp: String(timestamp),
    ...(headers === undefined ? {} : { headers: buffersOf(headers) }),
  };
}

function buffersOf(headers: Readonly<Record<string, Uint8Array>>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, bufferOf(value)]));
}

/** kafkajs takes any other array of bytes for a text. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Throws where Kafka has not acknowledged every partition. kafkajs asks no broker twice that has answered once: a partition that
 * comes to it from another one between two tries would be left out, and nobody told.
 */
export function assertAllWritten(written: readonly RecordMetadata[], partitions: ReadonlySet<string>): void {
  const acknowledged = new Set(written.map(({ topicName, partition }) => `${topicName}/${partition}`));
  const missing = [...partitions].filter((partition) => !acknowledged.has(partition));
  if (missing.length > 0) throw new Error(`nothing was said of ${missing.join(', ')}`);
}
