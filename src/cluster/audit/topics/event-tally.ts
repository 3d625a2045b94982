import type { UnixMs } from '../../../base/clock.ts';
import { minuteOf } from '../../../model/event-time.ts';
import type { PartitionOffsets, ReceivedMessage } from '../../kafka/ports.ts';
import { Kept } from './kept.ts';
import { jsonOf } from './message-json.ts';
import { MinuteBooks } from './minute-books.ts';
import { Strangers } from './strangers.ts';
import type { TopicTally } from './topic-follower.ts';

/** A replay begins where the topics begin, so of the ids watched for most are the first; others in case those have left. */
const FIRST_WATCHED = 10_000;
const WATCHED_MAX = 100_000;
const WATCH_EVERY = 256;

/** The events that a region has counted, less those that it has yielded, by the minute of the event. */
export class EventTally implements TopicTally {
  readonly #kept = new Kept();
  readonly strangers = new Strangers();
  readonly books = new MinuteBooks('ad-minutes');
  readonly #region: string;
  /** Ids that would come again in a replay. */
  readonly #watched = new Set<unknown>();
  isReplayed = false;
  counted = 0;
  /** Of them, those that were found to be the other region's later. */
  yielded = 0;

  constructor(region: string) {
    this.#region = region;
  }

  /**
   * From when on the topic has every event once, Unix ms: Infinity after a replay of the jobs, which hand on again what they have
   * handed on before.
   */
  get from(): UnixMs {
    return this.isReplayed ? Infinity : this.#kept.from;
  }

  begin(offsets: readonly PartitionOffsets[]): void {
    this.#kept.begin(offsets);
  }

  take(message: ReceivedMessage): void {
    this.#kept.see(message);
    const { eventId, eventType, eventTime, costMicros, sign } = jsonOf(message) ?? {};
    const isType = eventType === 'impression' || eventType === 'click';
    if (!isType || !isWhole(eventTime) || !isWhole(costMicros) || (sign !== 1 && sign !== -1)) {
      this.strangers.see(message);
      return;
    }
    if (sign === 1) this.#count(eventId);
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

  #count(eventId: unknown): void {
    if (this.#watched.has(eventId)) this.isReplayed = true;
    const isWatched = this.counted < FIRST_WATCHED || this.counted % WATCH_EVERY === 0;
    if (isWatched && this.#watched.size < WATCHED_MAX) this.#watched.add(eventId);
    this.counted++;
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
