import type { Clock } from '../../base/clock.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { KafkaReader, Reading, ReceivedMessage } from './ports.ts';

const AGAIN_AFTER_MS = 5 * SECOND_MS;

export interface FollowedTopicOptions {
  readonly topic: string;
  readonly openReader: (reading: Reading) => Promise<KafkaReader>;
  /** Gets every message, in the order of its partition; from the begin again after Kafka was away. */
  readonly take: (message: ReceivedMessage) => void;
  readonly clock: Clock;
}

/** Reads a topic of latest states from its begin and on, once somebody wants to know of it, and again after Kafka was away. */
export class FollowedTopic {
  readonly #options: FollowedTopicOptions;
  #state: 'unasked' | 'opening' | 'reading' | 'closed' = 'unasked';
  #reader: KafkaReader | undefined;
  #hasRead = false;
  #cancelRetry: () => void = () => {};

  constructor(options: FollowedTopicOptions) {
    this.#options = options;
  }

  /** Begins to read. */
  follow(): void {
    if (this.#state === 'unasked') void this.#open();
  }

  /** False before the first of it has been read, and while Kafka cannot be read. */
  get isRead(): boolean {
    return this.#state === 'reading' && this.#hasRead;
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#cancelRetry();
    await this.#reader?.close();
  }

  async #open(): Promise<void> {
    const { topic, openReader, take } = this.#options;
    this.#state = 'opening';
    try {
      const reader = await openReader({
        topics: [topic],
        take: (messages) => {
          for (const message of messages) take(message);
          return Promise.resolve();
        },
        onProgress: () => (this.#hasRead = true),
        onFailure: () => this.#retry(),
      });
      if (this.#isClosed) await reader.close();
      else [this.#state, this.#reader] = ['reading', reader];
    } catch {
      // Whoever follows is told that nothing is known; that Kafka is not there is said elsewhere.
      this.#retry();
    }
  }

  get #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #retry(): void {
    if (this.#isClosed) return;
    this.#state = 'opening';
    this.#cancelRetry = this.#options.clock.after(AGAIN_AFTER_MS, () => void this.#open());
  }
}
