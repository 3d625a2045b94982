import { AdtallyError } from '../../base/errors.ts';
import type { UnixMs } from '../../base/clock.ts';
import type { EnrichmentResult } from '../../enrichment/ports.ts';
import type { KafkaMessage, KafkaTransactor, NextOffset } from '../kafka/ports.ts';

/** Most answers of one transaction: with the longest details, and all of one partition, they are within Kafka's 1 MiB. */
const BATCH_MAX = 48;

export interface AnswerPublisherOptions {
  /** The topic of answers. */
  readonly topic: string;
  /** Consumer group that the position in the topic of records is kept under. */
  readonly group: string;
  readonly openTransactor: () => Promise<KafkaTransactor>;
  readonly now: () => UnixMs;
  /** Where whoever comes next has to begin. */
  readonly offsets: () => readonly NextOffset[];
  /** The answers are in Kafka. */
  readonly onPublished: (result: EnrichmentResult) => void;
  /** Another one has taken over: nothing is published any more. */
  readonly onFenced: (error: Error) => void;
}

interface Submission {
  readonly result: EnrichmentResult;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes answers and the position they belong to in one transaction. Of two publishers with one transactional id the later one
 * writes, and the other one is told.
 */
export class AnswerPublisher {
  readonly #options: AnswerPublisherOptions;
  #transactor: Promise<KafkaTransactor> | undefined;
  #waiting: Submission[] = [];
  #flushing: Promise<void> | undefined;
  #fenced: Error | undefined;

  constructor(options: AnswerPublisherOptions) {
    this.#options = options;
  }

  /** Takes over from whoever published before. Rejects with kafka_unreachable. */
  async open(): Promise<void> {
    await this.#opened();
  }

  /** Resolves once the answer is committed. When it rejects it may be there all the same: it says no harm twice. */
  publish(result: EnrichmentResult): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ result, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    await this.#flushing;
    const transactor = await this.#transactor?.catch(() => undefined);
    await transactor?.close();
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX);
      try {
        await this.#commit(batch.map(({ result }) => result));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.#flushing = undefined;
  }

  async #commit(results: readonly EnrichmentResult[]): Promise<void> {
    try {
      const transactor = await this.#opened();
      const transaction = await transactor.begin();
      const messages = results.map((result) => messageOf(result, this.#options.now()));
      await transaction.send([{ topic: this.#options.topic, messages }]);
      await transaction.sendOffsets(this.#options.group, this.#options.offsets());
      await transaction.commit();
    } catch (error) {
      this.#abandon(error as Error);
      throw error;
    }
    for (const result of results) this.#options.onPublished(result);
  }

  #opened(): Promise<KafkaTransactor> {
    if (this.#fenced !== undefined) return Promise.reject(this.#fenced);
    return (this.#transactor ??= this.#options.openTransactor());
  }

  /** The next one aborts what this one has left open. */
  #abandon(cause: Error): void {
    const transactor = this.#transactor;
    this.#transactor = undefined;
    void transactor?.then((it) => it.close()).catch(() => undefined);
    if (!(cause instanceof AdtallyError) || cause.code !== 'kafka_fenced' || this.#fenced !== undefined)
      return;
    this.#fenced = cause;
    this.#options.onFenced(cause);
  }
}

function messageOf(
  { orderId, orderVersion, status, enrichment }: EnrichmentResult,
  timestamp: UnixMs,
): KafkaMessage {
  const value = JSON.stringify({ orderId, orderVersion, status, enrichment: enrichment ?? undefined });
  return { key: Buffer.from(orderId), value: Buffer.from(value), timestamp };
}
