import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin } from 'kafkajs';
import type {
  KafkaAdmin,
  NextOffset,
  PartitionOffsets,
  PresentTopic,
  WantedTopic,
} from '../../cluster/kafka/ports.ts';
import { type KafkaAddress, kafkaClient } from './kafka-client.ts';
import { kafkaError } from './kafka-errors.ts';

const SERVED_TRIES = 50;
const SERVED_PAUSE_MS = 100;
const { BROKER, TOPIC } = kafkajs.ConfigResourceTypes;

/** Rejects with kafka_unreachable, as do its methods. */
export async function openKafkaAdmin(address: KafkaAddress): Promise<KafkaAdmin> {
  const admin = kafkaClient(address).admin();
  await expected(admin.connect(), 'answer');
  return new ClusterAdmin(admin);
}

class ClusterAdmin implements KafkaAdmin {
  readonly #admin: Admin;

  constructor(admin: Admin) {
    this.#admin = admin;
  }

  async topics(names: readonly string[]): Promise<PresentTopic[]> {
    const known = new Set(await expected(this.#admin.listTopics(), 'list its topics'));
    const present = names.filter((name) => known.has(name));
    if (present.length === 0) return [];
    const { topics } = await expected(
      this.#admin.fetchTopicMetadata({ topics: present }),
      'describe its topics',
    );
    const configs = await this.#configs(present);
    return topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.length,
      replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      config: Object.fromEntries((configs.get(name) ?? []).map((entry) => [entry.name, entry.value])),
    }));
  }

  async brokers(): Promise<number> {
    return (await expected(this.#admin.describeCluster(), 'describe itself')).brokers.length;
  }

  async transactionMsMax(): Promise<number> {
    const name = 'transaction.max.timeout.ms';
    const { controller } = await expected(this.#admin.describeCluster(), 'describe itself');
    const resource = { type: BROKER, name: String(controller), configNames: [name] };
    const { resources } = await expected(
      this.#admin.describeConfigs({ includeSynonyms: false, resources: [resource] }),
      'tell its settings',
    );
    return Number(resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue);
  }

  async createTopic({ name, partitions, replicas, config }: WantedTopic): Promise<void> {
    const topic = {
      topic: name,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries: entriesOf(config),
    };
    const doing = `make topic ${name}`;
    const isNew = await expected(this.#admin.createTopics({ topics: [topic], waitForLeaders: false }), doing);
    await this.#untilServed(name, doing);
    // A mirror that saw the other region's topic may have been quicker.
    if (!isNew) await this.setConfig(name, config);
  }

  /** A topic just made, by whomever, is not known to every broker at once. */
  async #untilServed(name: string, doing: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      const asked = this.#admin.fetchTopicMetadata({ topics: [name] });
      if (tries === SERVED_TRIES) return void (await expected(asked, doing));
      const isServed = await asked
        .then(({ topics: [{ partitions }] }) => partitions.every(({ leader }) => leader >= 0))
        .catch(() => false);
      if (isServed) return;
      await sleep(SERVED_PAUSE_MS);
    }
  }

  async addPartitions(topic: string, partitions: number): Promise<void> {
    await expected(
      this.#admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] }),
      `add partitions to ${topic}`,
    );
  }

  /** Kafka replaces all that is set of a topic: what is set already goes along. */
  async setConfig(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    const present = (await this.#configs([topic])).get(topic) ?? [];
    const kept = Object.fromEntries(
      present.filter(({ isOwn }) => isOwn).map(({ name, value }) => [name, value]),
    );
    const resource = { type: TOPIC, name: topic, configEntries: entriesOf({ ...kept, ...config }) };
    await expected(
      this.#admin.alterConfigs({ validateOnly: false, resources: [resource] }),
      `change topic ${topic}`,
    );
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    const found = await expected(this.#admin.fetchTopicOffsets(topic), `give the offsets of ${topic}`);
    // kafkajs asks as a reader of committed messages does: its "high" is the last stable offset.
    return found
      .map(({ partition, low, high }) => ({ partition, first: BigInt(low), lastStable: BigInt(high) }))
      .toSorted((a, b) => a.partition - b.partition);
  }

  async groupOffsets(group: string, topic: string): Promise<NextOffset[]> {
    const asked = this.#admin.fetchOffsets({ groupId: group, topics: [topic] });
    const found = await expected(asked, `tell how far ${group} has read`);
    // -1 where the group has said nothing.
    return found.flatMap(({ partitions }) =>
      partitions.flatMap(({ partition, offset }) =>
        BigInt(offset) < 0n ? [] : [{ topic, partition, offset: BigInt(offset) }],
      ),
    );
  }

  async close(): Promise<void> {
    await this.#admin.disconnect().catch(() => undefined);
  }

  async #configs(topics: readonly string[]): Promise<Map<string, ConfigValue[]>> {
    const resources = topics.map((name) => ({ type: TOPIC, name }));
    const { resources: found } = await expected(
      this.#admin.describeConfigs({ includeSynonyms: false, resources }),
      'describe its topics',
    );
    return new Map(
      found.map(({ resourceName, configEntries }) => [
        resourceName,
        configEntries.map(({ configName, configValue, configSource }) => ({
          name: configName,
          value: configValue,
          isOwn: configSource === kafkajs.ConfigSource.TOPIC_CONFIG,
        })),
      ]),
    );
  }
}

interface ConfigValue {
  readonly name: string;
  readonly value: string;
  /** Set for the topic itself. */
  readonly isOwn: boolean;
}

function entriesOf(config: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}

async function expected<Result>(work: Promise<Result>, doing: string): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw kafkaError(error, doing);
  }
}
