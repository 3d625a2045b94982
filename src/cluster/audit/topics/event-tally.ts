import { minuteOf } from '../../../model/event-time.ts';
import type { PartitionOffsets, ReceivedMessage } from '../../kafka/ports.ts';
import { Kept } from './kept.ts';
import { jsonOf } from './message-json.ts';
import { MinuteBooks } from './minute-books.ts';
import { Strangers } from './strangers.ts';
import type { TopicTally } from './topic-follower.ts';

/** The events that a region has counted, less those that it has yielded, by the minute of the event. */
export class EventTally implements TopicTally {
  readonly kept = new Kept();
  readonly strangers = new Strangers();
  readonly books = new MinuteBooks('ad-minutes');
  readonly #region: string;
  counted = 0;
  /** Of them, those that were found to be the other region's later. */
  yielded = 0;

  constructor(region: string) {
    this.#region = region;
  }

  begin(offsets: readonly PartitionOffsets[]): void {
    this.kept.begin(offsets);
  }

  take(message: ReceivedMessage): void {
    this.kept.see(message);
    const { eventType, eventTime, costMicros, sign } = jsonOf(message) ?? {};
    const isType = eventType === 'impression' || eventType === 'click';
    if (!isType || !isWhole(eventTime) || !isWhole(costMicros) || (sign !== 1 && sign !== -1)) {
      this.strangers.see(message);
      return;
    }
    if (sign === 1) this.counted++;
    else this.yielded++;
    const [impressions, clicks] = eventType === 'impression' ? [1, 0] : [0, 1];
    // Of records and revisions events say nothing.
    const figures = [0, 0, impressions, clicks, costMicros];
    const { timestamp } = message;
    this.books.add(
      { region: this.#region, minute: minuteOf(eventTime), figures },
      sign === 1 ? 1n : -1n,
      timestamp,
    );
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
