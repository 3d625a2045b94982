import type { Clock } from '../../base/clock.ts';
import { HOUR_MS } from '../../base/units.ts';
import { minuteOf } from '../../model/event-time.ts';
import { noVerdicts, VERDICTS, type VerdictCounts } from '../../model/verdict.ts';
import { VerdictTally } from '../audit/topics/verdict-tally.ts';
import { FollowedTopic } from '../kafka/followed-topic.ts';
import type { KafkaReader, Reading } from '../kafka/ports.ts';
import { topicNamesOf } from '../topic-names.ts';

export interface VerdictHourOptions {
  readonly region: string;
  readonly openReader: (reading: Reading) => Promise<KafkaReader>;
  readonly clock: Clock;
}

/** What a region's jobs said of the events of the last hour of arrival. It begins to read with the first question. */
export class VerdictHour {
  readonly #clock: Clock;
  readonly #tally: VerdictTally;
  readonly #books: FollowedTopic;

  constructor({ region, openReader, clock }: VerdictHourOptions) {
    this.#clock = clock;
    const tally = new VerdictTally(clock.now() - HOUR_MS);
    this.#tally = tally;
    // A book that is read again has the same count or a later one.
    const take = tally.take.bind(tally);
    this.#books = new FollowedTopic({ topic: topicNamesOf(region).verdicts, openReader, take, clock });
  }

  /** Null before the first of them have been read, and while Kafka cannot be read. */
  counts(): VerdictCounts | null {
    this.#books.follow();
    if (!this.#books.isRead) return null;
    const from = minuteOf(this.#clock.now()) - HOUR_MS;
    this.#tally.forget(from);
    const sums = { ...noVerdicts() };
    for (const minute of this.#tally.minutes('event')) {
      const counts = this.#tally.counts('event', minute);
      for (const verdict of VERDICTS) sums[verdict] += counts[verdict] ?? 0;
    }
    return sums;
  }

  close(): Promise<void> {
    return this.#books.close();
  }
}
