import type { Clock } from '../../../base/clock.ts';
import { pause } from '../../../base/pause.ts';
import { AdtallyError } from '../../../base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../../base/units.ts';
import type {
  KafkaAdmin,
  KafkaReader,
  PartitionOffsets,
  Reading,
  ReceivedMessage,
} from '../../kafka/ports.ts';

/** The Kafka of a region, for whoever only reads it. */
export interface ReadKafka {
  readonly admin: Pick<KafkaAdmin, 'offsets' | 'groupOffsets'>;
  readonly openReader: (reading: Reading) => Promise<KafkaReader>;
}

/** Takes the messages of a topic, each once, those of a partition in their order. */
export interface TopicTally {
  /** Before any message: what of the topic is kept. */
  begin(offsets: readonly PartitionOffsets[]): void;
  take(message: ReceivedMessage): void;
}

/** How far reading has come, messages. */
export interface ReadProgress {
  readonly read: number;
  readonly all: number;
}

const LOOK_EVERY_MS = 50;
/** Longer than it takes to join a group on a busy machine. What is not read must not pass for all there is. */
const SILENCE_MS = MINUTE_MS;

/** Reads the committed messages of topics on to where they end, as often as it is asked. */
export class TopicFollower {
  readonly #kafka: ReadKafka;
  readonly #clock: Clock;
  readonly #tallies: ReadonlyMap<string, TopicTally>;
  /** By `topic/partition`: the offset that is read next. */
  readonly #next = new Map<string, bigint>();
  #reader: KafkaReader | undefined;
  #failure: Error | undefined;
  #heardAtMs: number;

  private constructor(kafka: ReadKafka, tallies: ReadonlyMap<string, TopicTally>, clock: Clock) {
    this.#kafka = kafka;
    this.#tallies = tallies;
    this.#clock = clock;
    this.#heardAtMs = clock.monotonicMs();
  }

  /** Rejects with AdtallyError kafka_unreachable, as `catchUp` does. */
  static async open(
    kafka: ReadKafka,
    tallies: ReadonlyMap<string, TopicTally>,
    clock: Clock,
  ): Promise<TopicFollower> {
    const follower = new TopicFollower(kafka, tallies, clock);
    for (const [topic, tally] of tallies) tally.begin(await kafka.admin.offsets(topic));
    follower.#reader = await kafka.openReader({
      topics: [...tallies.keys()],
      take: (messages) => follower.#take(messages),
      onProgress: ({ topic, partition, offset }) => {
        follower.#next.set(`${topic}/${partition}`, offset);
        follower.#heardAtMs = clock.monotonicMs();
      },
      onFailure: (error) => (follower.#failure = error),
    });
    return follower;
  }

  /** Resolves once all that is committed now has been taken. */
  async catchUp(onProgress: (progress: ReadProgress) => void = () => {}): Promise<void> {
    const ends = new Map<string, PartitionOffsets>();
    for (const topic of this.#tallies.keys()) {
      for (const end of await this.#kafka.admin.offsets(topic)) ends.set(`${topic}/${end.partition}`, end);
    }
    this.#heardAtMs = this.#clock.monotonicMs();
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const progress = this.#progress(ends);
      onProgress(progress);
      if (progress.read === progress.all) return;
      if (this.#clock.monotonicMs() - this.#heardAtMs > SILENCE_MS) throw silent(progress);
      await pause(this.#clock, LOOK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  #take(messages: readonly ReceivedMessage[]): Promise<void> {
    for (const message of messages) this.#tallies.get(message.topic)!.take(message);
    return Promise.resolve();
  }

  #progress(ends: ReadonlyMap<string, PartitionOffsets>): ReadProgress {
    let [read, all] = [0n, 0n];
    for (const [name, { first, lastStable }] of ends) {
      const next = this.#next.get(name) ?? first;
      all += lastStable - first;
      read += (next < lastStable ? next : lastStable) - (next < first ? next : first);
    }
    return { read: Number(read), all: Number(all) };
  }
}

function silent({ read, all }: ReadProgress): AdtallyError {
  return new AdtallyError(
    'kafka_unreachable',
    `Kafka gave ${read} of ${all} messages and then nothing for ${SILENCE_MS / SECOND_MS} seconds.`,
  );
}
