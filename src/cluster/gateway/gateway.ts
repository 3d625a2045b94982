import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import { noOrderVerdicts, type OrderProblem, type OrderReceipt } from '../../model/order-receipt.ts';
import { EventSplitter } from '../../model/request/event-splitter.ts';
import type { BodyFormat, Ingest } from '../../model/request/ingest.ts';
import { noVerdicts, type EventProblem, type IngestReceipt } from '../../model/verdict.ts';
import { checkSize } from '../../pipeline/request-size.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { KafkaMessage, KafkaPublisher } from '../kafka/ports.ts';
import { topicNamesOf, type TopicNames } from '../topic-names.ts';
import { messageOf } from './messages.ts';
import { PublishQueue, type PublishedGroup } from './publish-queue.ts';
import { readEvent, readOrder, type Received } from './received.ts';

/** Reading a body gives the event loop a turn after so long. */
const TURN_MS = 8;
const PROBE_MS = SECOND_MS;
const ANSWER_WITHIN_MS = 10 * SECOND_MS;
/** Memory of a message besides the bytes it was made from, about: its objects, and its value, which is about as long. */
const MESSAGE_MEMORY_BYTES = 600;

export interface GatewayOptions {
  readonly region: string;
  readonly spec: PipelineSpec;
  readonly publisher: KafkaPublisher;
  readonly clock: Clock;
  /** Longest wait of a request for Kafka, ms. */
  readonly answerWithinMs?: number;
}

/** Figures since the start. */
export interface GatewayStatus {
  readonly region: string;
  readonly events: TakenIn;
  readonly orders: TakenIn;
  /** Memory of requests not yet done with. */
  readonly pendingBytes: number;
  /** Messages that Kafka has acknowledged. */
  readonly published: number;
  readonly publishMsLast: number;
  /** Groups of messages that Kafka did not acknowledge. */
  readonly failures: number;
  readonly isReady: boolean;
}

/** What Kafka has acknowledged. */
interface TakenIn {
  received: number;
  invalid: number;
}

/** What one request holds. */
interface Reception {
  readonly messages: KafkaMessage[];
  /** By position in the request. */
  readonly problems: {
    readonly index: number;
    readonly id: string | null;
    readonly code: string;
    readonly message: string;
  }[];
  invalid: number;
}

/**
 * Takes in what the embedded engine takes in and writes it to Kafka, one message an event. It finds what is invalid; all else is
 * judged behind Kafka, where the ids are known. It keeps nothing, so there may be any number of gateways.
 */
export class Gateway implements Ingest {
  readonly #spec: PipelineSpec;
  readonly #clock: Clock;
  readonly #publisher: KafkaPublisher;
  readonly #topics: TopicNames;
  readonly #region: string;
  readonly #queue: PublishQueue;
  readonly #events: TakenIn = { received: 0, invalid: 0 };
  readonly #orders: TakenIn = { received: 0, invalid: 0 };
  #pendingBytes = 0;
  #published = 0;
  #publishMsLast = 0;
  #failures = 0;
  #failure: Error | undefined = new AdtallyError('kafka_unreachable', 'Kafka has not answered yet.');
  #cancelProbe: () => void = () => {};
  #isProbing = false;
  #isClosed = false;

  constructor({ region, spec, publisher, clock, answerWithinMs = ANSWER_WITHIN_MS }: GatewayOptions) {
    this.#region = region;
    this.#spec = spec;
    this.#clock = clock;
    this.#publisher = publisher;
    this.#topics = topicNamesOf(region);
    const onPublished = (group: PublishedGroup): void => this.#book(group);
    this.#queue = new PublishQueue({ publisher, clock, answerWithinMs, onPublished });
    void this.#probe();
  }

  /** Why nothing can be taken in at the moment. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  async ingest(body: Uint8Array, format: BodyFormat): Promise<IngestReceipt> {
    const { received, invalid, problems } = await this.#take(body, format, {
      topic: this.#topics.events,
      read: readEvent,
      takenIn: this.#events,
    });
    const verdicts = { ...noVerdicts(), counted: received - invalid, invalid };
    const told = problems.map(({ index, id, code, message }): EventProblem => ({
      index,
      eventId: id,
      verdict: 'invalid',
      code,
      message,
    }));
    return { received, verdicts, problems: told, provisional: true };
  }

  async ingestOrders(body: Uint8Array, format: BodyFormat): Promise<OrderReceipt> {
    const { received, invalid, problems } = await this.#take(body, format, {
      topic: this.#topics.orders,
      read: readOrder,
      takenIn: this.#orders,
    });
    const verdicts = { ...noOrderVerdicts(), accepted: received - invalid, invalid };
    const told = problems.map(({ index, id, code, message }): OrderProblem => ({
      index,
      orderId: id,
      verdict: 'invalid',
      code,
      message,
    }));
    return { received, verdicts, problems: told, provisional: true };
  }

  pendingBytes(): number {
    return this.#pendingBytes;
  }

  status(): GatewayStatus {
    return {
      region: this.#region,
      events: { ...this.#events },
      orders: { ...this.#orders },
      pendingBytes: this.#pendingBytes,
      published: this.#published,
      publishMsLast: this.#publishMsLast,
      failures: this.#failures,
      isReady: this.#failure === undefined,
    };
  }

  /** Answers what was accepted, and lets go of Kafka. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelProbe();
    await this.#queue.drain();
    await this.#publisher.close();
  }

  async #take(
    body: Uint8Array,
    format: BodyFormat,
    {
      topic,
      read,
      takenIn,
    }: { readonly topic: string; readonly read: typeof readEvent; readonly takenIn: TakenIn },
  ): Promise<{ readonly received: number } & Pick<Reception, 'invalid' | 'problems'>> {
    const count = checkSize(body, format, this.#spec.limits);
    const release = this.#hold(2 * body.length + count * MESSAGE_MEMORY_BYTES);
    let reception: Reception;
    try {
      reception = await this.#read(body, format, read, this.#clock.now());
    } catch (error) {
      release();
      throw error;
    }
    const { messages, invalid, problems } = reception;
    if (messages.length === 0) release();
    else await this.#queue.add(topic, messages, release);
    takenIn.received += messages.length;
    takenIn.invalid += invalid;
    return { received: messages.length, invalid, problems };
  }

  /** Counts what a request will hold; returns how to stop. Throws AdtallyError stopping or overloaded. */
  #hold(bytes: number): () => void {
    if (this.#isClosed) throw new AdtallyError('stopping', 'The gateway is stopping.');
    const { pendingBytes } = this.#spec.limits;
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > pendingBytes) {
      throw new AdtallyError(
        'overloaded',
        `${this.#pendingBytes} bytes wait for Kafka; at most limits.pendingBytes, ${pendingBytes}, may.`,
        { retryAfterSeconds: 1 },
      );
    }
    this.#pendingBytes += bytes;
    return () => {
      this.#pendingBytes -= bytes;
    };
  }

  /** Makes the messages of a body, which others may use again once there is an answer: they get a copy of it. */
  async #read(
    body: Uint8Array,
    format: BodyFormat,
    read: typeof readEvent,
    arrival: UnixMs,
  ): Promise<Reception> {
    const bytes = Uint8Array.from(body);
    const reception: Reception = { messages: [], problems: [], invalid: 0 };
    const splitter = new EventSplitter();
    let turnDueMs = this.#clock.monotonicMs() + TURN_MS;
    do {
      if (!splitter.find(bytes, format, splitter.next)) break;
      const raw = bytes.subarray(splitter.start, splitter.end);
      const received = read(raw, this.#spec);
      this.#note(received, reception);
      reception.messages.push(messageOf(received, raw, arrival));
      if (reception.messages.length % 64 === 0 && this.#clock.monotonicMs() > turnDueMs) {
        await this.#clock.turn();
        turnDueMs = this.#clock.monotonicMs() + TURN_MS;
      }
    } while (splitter.next < bytes.length);
    return reception;
  }

  #note({ id, problem }: Received, reception: Reception): void {
    if (problem === null) return;
    reception.invalid++;
    if (reception.problems.length >= this.#spec.limits.problemsPerRequest) return;
    reception.problems.push({ index: reception.messages.length, id, ...problem });
  }

  #book({ messages, durationMs, error }: PublishedGroup): void {
    this.#publishMsLast = durationMs;
    this.#failure = error;
    if (error === undefined) this.#published += messages;
    else {
      this.#failures++;
      this.#probeLater();
    }
  }

  /** Asks Kafka now and then whether it is back: a load balancer sends nothing here until it is. */
  async #probe(): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    try {
      const { events, orders } = this.#topics;
      await this.#publisher.check([events, orders]);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error as Error;
      this.#probeLater();
    } finally {
      this.#isProbing = false;
    }
  }

  #probeLater(): void {
    this.#cancelProbe();
    if (this.#isClosed) return;
    this.#cancelProbe = this.#clock.after(PROBE_MS, () => void this.#probe());
  }
}
