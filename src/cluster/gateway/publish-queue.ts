import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { KafkaMessage, KafkaPublisher, TopicMessages } from '../kafka/ports.ts';
import { sizeOf } from './messages.ts';

/** Messages go to Kafka about so many bytes at a time: should all be of one partition, its batch is within Kafka's 1 MiB. */
const GROUP_BYTES_MAX = 512 * 1024;

/** The messages of one request. */
interface Parcel {
  readonly topic: string;
  readonly messages: readonly KafkaMessage[];
  /** Index of the first message that is not on its way yet. */
  next: number;
  /** Groups on their way that hold some of it. */
  underway: number;
  /** The request has its answer; what is not on its way yet stays here. */
  isAnswered: boolean;
  readonly answer: (error: Error | undefined) => void;
  /** Nothing holds its messages any more. */
  readonly release: () => void;
}

export interface PublishQueueOptions {
  readonly publisher: KafkaPublisher;
  readonly clock: Clock;
  /** So long a request waits for Kafka, ms. */
  readonly answerWithinMs: number;
  /** Hears how each group ended. */
  readonly onPublished: (group: PublishedGroup) => void;
}

export interface PublishedGroup {
  readonly messages: number;
  readonly durationMs: number;
  /** Undefined when Kafka has taken it. */
  readonly error: Error | undefined;
}

/**
 * Requests on their way to Kafka. What comes while a group is on its way makes the next one, as in the embedded engine's group
 * commit: one at a time, since only so a batch whose fate is unknown can hide no other (see KafkaPublisher).
 */
export class PublishQueue {
  readonly #options: PublishQueueOptions;
  #parcels: Parcel[] = [];
  #running: Promise<void> | undefined;

  constructor(options: PublishQueueOptions) {
    this.#options = options;
  }

  /** Whether nothing waits and nothing is on its way. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /**
   * Resolves once Kafka has all of them; rejects with kafka_unreachable when it says no, or nothing in time. `release` is called
   * once they are not held any more, which may be later.
   */
  add(topic: string, messages: readonly KafkaMessage[], release: () => void): Promise<void> {
    const { clock, answerWithinMs } = this.#options;
    return new Promise((resolve, reject) => {
      const cancel = clock.after(answerWithinMs, () => this.#answer(parcel, tooSlow(answerWithinMs)));
      const parcel: Parcel = {
        topic,
        messages,
        next: 0,
        underway: 0,
        isAnswered: false,
        answer: (error) => {
          cancel();
          if (error === undefined) resolve();
          else reject(error);
        },
        release,
      };
      this.#parcels.push(parcel);
      this.#running ??= this.#run();
    });
  }

  /** Resolves once every request has its answer and nothing is on its way. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Whatever else has come in this turn goes along.
    await this.#options.clock.turn();
    while (this.#parcels.length > 0) await this.#publish(this.#takeGroup());
    this.#running = undefined;
  }

  async #publish(group: ReadonlyMap<Parcel, readonly KafkaMessage[]>): Promise<void> {
    if (group.size === 0) return;
    const { clock, publisher, onPublished } = this.#options;
    const startMs = clock.monotonicMs();
    let error: Error | undefined;
    try {
      await publisher.publish(batchOf(group));
    } catch (cause) {
      error = cause as Error;
    }
    let messages = 0;
    for (const [parcel, part] of group) {
      messages += part.length;
      parcel.underway--;
      if (error !== undefined || parcel.next === parcel.messages.length) this.#answer(parcel, error);
      else if (parcel.isAnswered) this.#releaseWhenDone(parcel);
    }
    onPublished({ messages, durationMs: clock.monotonicMs() - startMs, error });
  }

  /** Takes what goes next, of the oldest requests first; those that have their answer fall out. */
  #takeGroup(): Map<Parcel, KafkaMessage[]> {
    const group = new Map<Parcel, KafkaMessage[]>();
    let room = GROUP_BYTES_MAX;
    let taken = 0;
    for (const parcel of this.#parcels) {
      if (!parcel.isAnswered) {
        const part: KafkaMessage[] = [];
        while (parcel.next < parcel.messages.length) {
          room -= sizeOf(parcel.messages[parcel.next]);
          if (room < 0 && (part.length > 0 || group.size > 0)) break;
          part.push(parcel.messages[parcel.next++]);
        }
        if (part.length > 0) {
          group.set(parcel, part);
          parcel.underway++;
        }
        if (parcel.next < parcel.messages.length) break;
      }
      taken++;
    }
    this.#parcels.splice(0, taken);
    return group;
  }

  #answer(parcel: Parcel, error: Error | undefined): void {
    if (!parcel.isAnswered) {
      parcel.isAnswered = true;
      parcel.answer(error);
      if (parcel.next < parcel.messages.length) this.#parcels = this.#parcels.filter((it) => it !== parcel);
    }
    this.#releaseWhenDone(parcel);
  }

  #releaseWhenDone(parcel: Parcel): void {
    if (parcel.isAnswered && parcel.underway === 0) parcel.release();
  }
}

function batchOf(group: ReadonlyMap<Parcel, readonly KafkaMessage[]>): TopicMessages[] {
  const byTopic = Map.groupBy(group, ([{ topic }]) => topic);
  return [...byTopic].map(([topic, parts]) => ({ topic, messages: parts.flatMap(([, part]) => part) }));
}

function tooSlow(answerWithinMs: number): AdtallyError {
  return new AdtallyError(
    'kafka_unreachable',
    `Kafka has not taken in the request within ${answerWithinMs / SECOND_MS} seconds.`,
    { retryAfterSeconds: 1 },
  );
}
