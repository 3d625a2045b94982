import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Admin, type Consumer, type Producer } from 'kafkajs';
import { CheckpointDirectory } from '../../../src/adapters/flink/checkpoint-directory.ts';
import { FlinkJobManager } from '../../../src/adapters/flink/flink-jobs.ts';
import { FlinkSqlGateway } from '../../../src/adapters/flink/flink-sql-gateway.ts';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { openKafkaAdmin } from '../../../src/adapters/kafka/kafka-admin.ts';
import type { ClusterAddresses } from '../../../src/cluster/addresses.ts';
import { topicsOf } from '../../../src/cluster/render/topics.ts';
import { topicNamesOf } from '../../../src/cluster/topic-names.ts';
import { messageOf } from '../../../src/cluster/gateway/messages.ts';
import { readEvent, readOrder } from '../../../src/cluster/gateway/received.ts';
import type { JobServices } from '../../../src/cluster/jobs/apply-jobs.ts';
import { hasEnded } from '../../../src/cluster/jobs/running-jobs.ts';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import type { RenderedJob } from '../../../src/cluster/render/rendered-job.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { EnrichmentResult } from '../../../src/enrichment/ports.ts';
import type { PipelineConfig, PipelineSpec } from '../../../src/pipeline/settings.ts';
import type { Side } from './cases.ts';
import type { RegionNames } from './expected.ts';
import type { SentStep } from './sent-steps.ts';

const PATIENCE_MS = 180_000;
const POLL_MS = 200;

/** A record as it stands in a topic: the highest revision, and of those the latest. */
export type TopicRecord = Readonly<Record<string, unknown>> & {
  readonly recordId: string;
  readonly revision: number;
};

/** What a message says that is no record. */
export type TopicMessage = Readonly<Record<string, unknown>>;

interface RigOptions {
  /** Whether there is a job that writes touches to PostgreSQL. */
  readonly hasTouches?: boolean;
  /** Whose jobs run: of both regions, or of a alone. */
  readonly sides?: readonly Side[];
}

/**
 * The jobs of two regions on a real Kafka and Flink, with topics of their own. Both regions use the Kafka of the first region in
 * the addresses: topics are named after whose data they hold, so each finds the other's as if they had been mirrored.
 */
export class JobRig {
  readonly names: RegionNames;
  readonly sides: readonly Side[];
  readonly services: JobServices;
  readonly jobs: readonly RenderedJob[];
  /** The same jobs for a spec with other settings. */
  readonly jobsWith: (config: PipelineConfig) => readonly RenderedJob[];
  readonly #spec: PipelineSpec;
  readonly #broker: string;
  readonly #admin: Admin;
  readonly #producer: Producer;
  readonly #consumer: Consumer;
  readonly #topics: string[];
  readonly #sent = new Map<string, number>();
  /** By region and topic: records by id. */
  readonly #records = new Map<string, Map<string, TopicRecord>>();
  readonly #messages = new Map<string, TopicMessage[]>();
  /** By key of the message. */
  readonly #books = new Map<string, TopicMessage>();
  readonly #next = new Map<string, bigint>();
  onRecord: (topic: string, record: TopicRecord) => void = () => undefined;

  constructor(
    addresses: ClusterAddresses,
    run: string,
    config: PipelineConfig,
    { hasTouches = false, sides = ['a', 'b'] }: RigOptions = {},
  ) {
    const [region] = Object.values(addresses.regions);
    this.names = { a: `${run}a`, b: `${run}b` };
    this.sides = sides;
    const regions = sides.map((side) => this.names[side]);
    this.#spec = resolveSpec({ ...config, regions }, { environment: {}, flags: {} });
    const spec = this.#spec;
    const own = { ...addresses, regions: Object.fromEntries(regions.map((one) => [one, region])) };
    this.jobsWith = (other) => {
      const changed = resolveSpec({ ...config, ...other, regions }, { environment: {}, flags: {} });
      return regions.flatMap((one) =>
        renderRegionJobs({ spec: changed, region: one, addresses: own, options: { hasTouches } }),
      );
    };
    this.jobs = this.jobsWith({});
    this.#topics = [
      ...new Set(
        regions.flatMap((one) => topicsOf(one, spec, { brokers: 1, partitions: 2 }).map(({ name }) => name)),
      ),
    ];
    this.#broker = region.kafka;
    const kafka = new Kafka({ brokers: [region.kafka], logLevel: logLevel.NOTHING });
    this.#admin = kafka.admin();
    this.#producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    this.#consumer = kafka.consumer({ groupId: `test-${run}`, maxWaitTimeInMs: 100 });
    this.services = {
      sql: new FlinkSqlGateway(addresses.sqlGateway),
      jobManager: new FlinkJobManager(addresses.flink),
      files: new CheckpointDirectory(),
      clock: nodeClock,
    };
  }

  async open(): Promise<void> {
    await this.#admin.connect();
    const admin = await openKafkaAdmin({ brokers: [this.#broker], clientId: 'test' });
    for (const name of this.#topics) {
      await admin.createTopic({ name, partitions: 2, replicas: 1, config: { 'retention.ms': '-1' } });
    }
    await admin.close();
    await this.#producer.connect();
    await this.#consumer.connect();
    const read = this.sides.flatMap((side) => {
      const names = topicNamesOf(this.names[side]);
      const { clean, quarantine, verdicts, loadAdMinutes, loadAttributedOrders } = names;
      return [clean, quarantine, verdicts, loadAdMinutes, loadAttributedOrders];
    });
    await this.#consumer.subscribe({ topics: read, fromBeginning: true });
    await this.#consumer.run({
      eachMessage: ({ topic, partition, message }) => {
        this.#take(topic, message.key?.toString() ?? '', message.value?.toString() ?? 'null');
        this.#next.set(`${topic}/${partition}`, BigInt(message.offset) + 1n);
        return Promise.resolve();
      },
    });
  }

  async close(): Promise<void> {
    const names = new Set(this.jobs.map(({ name }) => name));
    const running = await this.services.jobManager.jobs();
    for (const job of running) {
      if (names.has(job.name.split(' ')[0]) && !hasEnded(job)) await this.services.jobManager.cancel(job.id);
    }
    await this.#consumer.disconnect();
    await this.#producer.disconnect();
    await this.#admin.deleteTopics({ topics: this.#topics }).catch(() => undefined);
    await this.#admin.disconnect();
  }

  /** Writes what was sent, as the ingest gateway does. */
  async send(steps: readonly SentStep[]): Promise<void> {
    const byTopic = Map.groupBy(steps, ({ at, kind }) => this.#topicOf(at, kind));
    for (const [topic, sent] of byTopic) {
      const messages = sent.map(({ kind, body, arrival }) => {
        const raw = Buffer.from(body);
        const received = kind === 'event' ? readEvent(raw, this.#spec) : readOrder(raw, this.#spec);
        const { key, value, headers } = messageOf(received, raw, arrival);
        return {
          key: key && Buffer.from(key),
          value: value && Buffer.from(value),
          timestamp: String(arrival),
          headers: Object.fromEntries(
            Object.entries(headers ?? {}).map(([name, one]) => [name, Buffer.from(one)]),
          ),
        };
      });
      await this.#producer.send({ topic, messages, acks: -1 });
      this.#sent.set(topic, (this.#sent.get(topic) ?? 0) + messages.length);
    }
  }

  /** Writes answers of the order service, as the enricher does. */
  async answer(at: Side, answers: readonly EnrichmentResult[]): Promise<void> {
    if (answers.length === 0) return;
    const topic = topicNamesOf(this.names[at]).enrichments;
    const messages = answers.map((answer) => ({ key: answer.orderId, value: JSON.stringify(answer) }));
    await this.#producer.send({ topic, messages, acks: -1 });
  }

  /** Waits until the verdicts of all that was sent are there, and both regions have read what the other one counted. */
  async settle(): Promise<void> {
    await eventually('every message has its verdict', () => {
      for (const side of this.sides) {
        for (const kind of ['event', 'order'] as const) {
          const sent = this.#sent.get(this.#topicOf(side, kind)) ?? 0;
          const booked = this.books(side).filter((one) => one['kind'] === kind);
          const count = booked.reduce((sum, one) => sum + (one['count'] as number), 0);
          if (count !== sent) return `${count} verdicts of ${sent} ${kind}s of ${side}`;
        }
      }
      return undefined;
    });
    await sleep(1500);
    await eventually('both regions have heard of each other', () => this.#unheard());
  }

  async #unheard(): Promise<string | undefined> {
    for (const reader of this.sides) {
      for (const [job, cleans] of [
        // The first region counts without regard to the other one.
        ['aggregation', this.sides.filter((side) => side < reader)],
        ['attribution', this.sides],
      ] as const) {
        const groupId = `adtally-${this.names[reader]}-${job}`;
        const topics = cleans.map((side) => topicNamesOf(this.names[side]).clean);
        if (topics.length === 0) continue;
        for (const { topic, partitions } of await this.#admin.fetchOffsets({ groupId, topics })) {
          for (const { partition, offset } of partitions) {
            const next = this.#next.get(`${topic}/${partition}`);
            // Of an empty partition Flink commits no offset.
            if (next !== undefined && BigInt(offset) < next)
              return `${groupId} is at ${offset} of ${next} in ${topic}/${partition}`;
          }
        }
      }
    }
    return undefined;
  }

  /** Records of ad minutes or orders in the load topic of a region. */
  records(side: Side, kind: 'loadAdMinutes' | 'loadAttributedOrders'): ReadonlyMap<string, TopicRecord> {
    return this.#records.get(topicNamesOf(this.names[side])[kind]) ?? new Map<string, TopicRecord>();
  }

  quarantine(side: Side): readonly TopicMessage[] {
    return this.#messages.get(topicNamesOf(this.names[side]).quarantine) ?? [];
  }

  clean(side: Side): readonly TopicMessage[] {
    return this.#messages.get(topicNamesOf(this.names[side]).clean) ?? [];
  }

  /** The latest count of each verdict, by minute. */
  books(side: Side): TopicMessage[] {
    return [...this.#books.values()].filter(({ region }) => region === this.names[side]);
  }

  #topicOf(side: Side, kind: 'event' | 'order'): string {
    const topics = topicNamesOf(this.names[side]);
    return kind === 'event' ? topics.events : topics.orders;
  }

  #take(topic: string, key: string, value: string): void {
    const content = JSON.parse(value) as TopicMessage | null;
    if (topic.endsWith('.verdicts')) {
      if (content === null) throw new Error(`A tombstone in ${topic} for ${key}.`);
      this.#books.set(key, content);
    } else if (topic.includes('.load.')) this.#takeRecord(topic, key, content as TopicRecord);
    else {
      const list = this.#messages.get(topic) ?? [];
      this.#messages.set(topic, list);
      list.push({ ...content, key });
    }
  }

  #takeRecord(topic: string, key: string, record: TopicRecord): void {
    if (key !== record.recordId) throw new Error(`Key ${key} of ${JSON.stringify(record)} in ${topic}.`);
    const records = this.#records.get(topic) ?? new Map<string, TopicRecord>();
    this.#records.set(topic, records);
    const known = records.get(key);
    if (known === undefined || record.revision >= known.revision) records.set(key, record);
    this.onRecord(topic, record);
  }
}

/** Waits until `fault` finds nothing any more; then or after a long time returns what it found last. */
export async function awaited<T>(
  fault: () => T | Promise<T>,
  isDone: (found: T) => boolean,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await fault();
    if (isDone(found) || performance.now() > deadline) return found;
    await sleep(POLL_MS);
  }
}

async function eventually(
  what: string,
  fault: () => string | undefined | Promise<string | undefined>,
): Promise<void> {
  const found = await awaited(fault, (one) => one === undefined);
  if (found !== undefined) throw new Error(`Waited in vain until ${what}: ${found}.`);
}
