import type { Clock } from '../../base/clock.ts';
import { HOUR_MS, SECOND_MS } from '../../base/units.ts';
import { minuteOf } from '../../model/event-time.ts';
import { noVerdicts, VERDICTS, type VerdictCounts } from '../../model/verdict.ts';
import { VerdictTally } from '../audit/topics/verdict-tally.ts';
import type { KafkaReader, Reading } from '../kafka/ports.ts';
import { topicNamesOf } from '../topic-names.ts';

const AGAIN_AFTER_MS = 5 * SECOND_MS;

export interface VerdictHourOptions {
  readonly region: string;
  readonly openReader: (reading: Reading) => Promise<KafkaReader>;
  readonly clock: Clock;
}

/** What a region's jobs said of the events of the last hour of arrival. It begins to read with the first question. */
export class VerdictHour {
  readonly #options: VerdictHourOptions;
  readonly #tally: VerdictTally;
  #state: 'unasked' | 'opening' | 'reading' | 'closed' = 'unasked';
  #reader: KafkaReader | undefined;
  #hasRead = false;
  #cancelRetry: () => void = () => {};

  constructor(options: VerdictHourOptions) {
    this.#options = options;
    this.#tally = new VerdictTally(options.clock.now() - HOUR_MS);
  }

  /** Null before the first of them have been read, and while Kafka cannot be read. */
  counts(): VerdictCounts | null {
    if (this.#state === 'unasked') void this.#open();
    if (this.#state !== 'reading' || !this.#hasRead) return null;
    const from = minuteOf(this.#options.clock.now()) - HOUR_MS;
    this.#tally.forget(from);
    const sums = { ...noVerdicts() };
    for (const minute of this.#tally.minutes('event')) {
      const counts = this.#tally.counts('event', minute);
      for (const verdict of VERDICTS) sums[verdict] += counts[verdict] ?? 0;
    }
    return sums;
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#cancelRetry();
    await this.#reader?.close();
  }

  async #open(): Promise<void> {
    const { region, openReader } = this.#options;
    this.#state = 'opening';
    try {
      const reader = await openReader({
        topics: [topicNamesOf(region).verdicts],
        take: (messages) => {
          for (const message of messages) this.#tally.take(message);
          return Promise.resolve();
        },
        onProgress: () => (this.#hasRead = true),
        onFailure: () => this.#retry(),
      });
      if (this.#isClosed) await reader.close();
      else [this.#state, this.#reader] = ['reading', reader];
    } catch {
      // The gateway itself says that Kafka is not there.
      this.#retry();
    }
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What was read stays: a book that is read again has the same count or a later one. */
  #retry(): void {
    if (this.#isClosed) return;
    this.#state = 'opening';
    this.#cancelRetry = this.#options.clock.after(AGAIN_AFTER_MS, () => void this.#open());
  }
}
