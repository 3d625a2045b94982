import type { UnixMs } from '../../../base/clock.ts';
import { minuteOf } from '../../../model/event-time.ts';
import type { NextOffset, PartitionOffsets, ReceivedMessage } from '../../kafka/ports.ts';
import { Kept } from './kept.ts';
import { jsonOf } from './message-json.ts';
import type { TopicTally } from './topic-follower.ts';

/** What arrived in a minute. */
export interface ArrivalMinute {
  received: number;
  /** Of them, those that are no JSON object: no gateway wrote them, and no job judges them. */
  malformed: number;
  /** By partition: the last offset. */
  readonly last: Map<number, bigint>;
}

/** The messages of a raw topic by their minute of arrival: as many entries as there are minutes. */
export class ArrivalTally implements TopicTally {
  readonly kept = new Kept();
  readonly minutes = new Map<UnixMs, ArrivalMinute>();
  readonly #last = new Map<number, bigint>();

  begin(offsets: readonly PartitionOffsets[]): void {
    this.kept.begin(offsets);
  }

  take(message: ReceivedMessage): void {
    this.kept.see(message);
    const { partition, offset, timestamp } = message;
    const minute = minuteOf(timestamp);
    const found = this.minutes.get(minute) ?? { received: 0, malformed: 0, last: new Map() };
    this.minutes.set(minute, found);
    found.received++;
    if (jsonOf(message) === undefined) found.malformed++;
    found.last.set(partition, offset);
    this.#last.set(partition, offset);
  }

  /** Whether the job that reads on at `next` has read all that is known of the minute. */
  isRead(minute: UnixMs, next: readonly NextOffset[]): boolean {
    return unread(this.minutes.get(minute)?.last ?? new Map(), next) === 0n;
  }

  /** How many messages the job has not read yet, about. */
  waiting(next: readonly NextOffset[]): number {
    return Number(unread(this.#last, next));
  }
}

function unread(last: ReadonlyMap<number, bigint>, next: readonly NextOffset[]): bigint {
  let sum = 0n;
  for (const [partition, offset] of last) {
    const from = next.find((one) => one.partition === partition)?.offset ?? 0n;
    if (offset >= from) sum += offset + 1n - from;
  }
  return sum;
}
