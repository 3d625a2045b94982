import type { Clock } from '../../base/clock.ts';
import { FollowedTopic } from '../kafka/followed-topic.ts';
import type { KafkaReader, NextOffset, Reading, ReceivedMessage } from '../kafka/ports.ts';

/** Where the mirror of a region keeps, in the Kafka that it writes to, what it has carried; written with what it carries. */
export function mirrorOffsetsTopic(from: string): string {
  return `mm2-offsets.${from}.internal`;
}

export interface MirrorPositionsOptions {
  readonly from: string;
  /** Reads the Kafka that the mirror writes to. */
  readonly openReader: (reading: Reading) => Promise<KafkaReader>;
  readonly clock: Clock;
}

/** How far MirrorMaker has carried the topics of a region. */
export class MirrorPositions {
  readonly #offsets: FollowedTopic;
  /** By `topic/partition` of the region. */
  readonly #next = new Map<string, NextOffset>();

  constructor({ from, openReader, clock }: MirrorPositionsOptions) {
    const topic = mirrorOffsetsTopic(from);
    this.#offsets = new FollowedTopic({ topic, openReader, clock, take: (message) => this.#take(message) });
  }

  /** Empty while nothing is known. */
  next(topics: readonly string[]): NextOffset[] {
    this.#offsets.follow();
    if (!this.#offsets.isRead) return [];
    return [...this.#next.values()].filter(({ topic }) => topics.includes(topic));
  }

  close(): Promise<void> {
    return this.#offsets.close();
  }

  /** Connect’s own form: `["a->b.MirrorSourceConnector",{"cluster":"a","partition":0,"topic":"a.clean"}]` and `{"offset":17}`, which was carried. */
  #take({ key, value }: ReceivedMessage): void {
    const [, place] = parsed(key) as [string, { topic?: unknown; partition?: unknown }] | [];
    const { offset } = (parsed(value) ?? {}) as { offset?: unknown };
    if (typeof place?.topic !== 'string' || typeof place.partition !== 'number') return;
    if (typeof offset !== 'number') return;
    const next = { topic: place.topic, partition: place.partition, offset: BigInt(offset) + 1n };
    this.#next.set(`${next.topic}/${next.partition}`, next);
  }
}

function parsed(bytes: Uint8Array | null): unknown {
  return bytes === null ? [] : JSON.parse(Buffer.from(bytes).toString());
}
