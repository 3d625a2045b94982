import { AdtallyError } from '../../../src/base/errors.ts';
import type { KafkaMessage, KafkaPublisher, TopicMessages } from '../../../src/cluster/kafka/ports.ts';

/** Kafka as a publisher sees it, in memory: it can be slow, say no, or take messages and never say so. */
export class MemoryKafka implements KafkaPublisher {
  readonly messages: (KafkaMessage & { readonly topic: string })[] = [];
  /** How many messages each call had. */
  readonly calls: number[] = [];
  readonly checked: (readonly string[])[] = [];
  isDown = false;
  /** With it messages are kept and the call fails all the same. */
  losesAnswers = false;
  isClosed = false;
  #held: (() => void) | undefined;
  #holding: Promise<void> | undefined;

  /** Lets calls wait until `release`. */
  hold(): void {
    this.#holding = new Promise((resolve) => {
      this.#held = resolve;
    });
  }

  release(): void {
    this.#held?.();
    this.#holding = undefined;
  }

  async publish(batch: readonly TopicMessages[]): Promise<void> {
    this.calls.push(batch.reduce((sum, { messages }) => sum + messages.length, 0));
    if (this.isDown) throw unreachable();
    await this.#holding;
    for (const { topic, messages } of batch) {
      // A copy: what is sent must be what was there when it was sent.
      for (const message of messages) this.messages.push({ topic, ...copyOf(message) });
    }
    if (this.losesAnswers) throw unreachable();
  }

  check(topics: readonly string[]): Promise<void> {
    this.checked.push(topics);
    return this.isDown ? Promise.reject(unreachable()) : Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function copy(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function copyOf({ key, value, headers, timestamp }: KafkaMessage): KafkaMessage {
  const entries = Object.entries(headers ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes)] as const);
  const copied = headers === undefined ? {} : { headers: Object.fromEntries(entries) };
  return { key: copy(key), value: copy(value), timestamp, ...copied };
}

function unreachable(): AdtallyError {
  return new AdtallyError('kafka_unreachable', 'Kafka is down.', { retryAfterSeconds: 1 });
}
