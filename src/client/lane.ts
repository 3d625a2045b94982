import type { Line } from './draft.ts';
import type { Failover } from './failover.ts';
import { readOutcomes, readReceipt, type DropReason, type Outcome, type Receipt } from './outcome.ts';
import type { RequestFailure } from './region-request.ts';

export interface LaneOptions<Verdict extends string> {
  readonly path: string;
  /** The verdict of what has no problem. */
  readonly good: Verdict;
  readonly failover: Failover;
  /** A request holds at most so many, and so many bytes unless one alone is larger. */
  readonly batchEvents: number;
  readonly batchBytes: number;
  /** How long the first of a batch waits for others, ms. */
  readonly batchMs: number;
  /** Requests under way at a time; with one, all arrives in the order in which it was added. */
  readonly parallel: number;
  /** Bounds of what waits and what is under way. */
  readonly queueEvents: number;
  readonly queueBytes: number;
  readonly whenFull: 'drop_newest' | 'drop_oldest';
}

interface Item<Verdict extends string> extends Line {
  readonly settle: (outcome: Outcome<Verdict>) => void;
}

/** The way of events, or of orders: a bounded queue, batches of it, and an outcome for each. */
export class Lane<Verdict extends string> {
  readonly #options: LaneOptions<Verdict>;
  readonly #stop = new AbortController();
  #waiting: Item<Verdict>[] = [];
  /** Of those that wait, with an end of line each. */
  #waitingBytes = 0;
  readonly #underWay = new Set<readonly Item<Verdict>[]>();
  #heldEvents = 0;
  #heldBytes = 0;
  /** Whether what waits may go in a batch that is not full. */
  #isDue = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #idle: (() => void)[] = [];
  #isClosed = false;

  constructor(options: LaneOptions<Verdict>) {
    this.#options = options;
  }

  /** Resolves once its outcome is known; never rejects. */
  add(line: Line): Promise<Outcome<Verdict>> {
    return new Promise((settle) => {
      const item = { ...line, settle };
      if (this.#isClosed) return settle(dropped(item, 'closed', 'The client is closed.'));
      if (!this.#makeRoom(line.bytes.length)) return settle(dropped(item, 'queue_full', this.#full()));
      this.#waiting.push(item);
      this.#waitingBytes += line.bytes.length + 1;
      this.#heldEvents++;
      this.#heldBytes += line.bytes.length;
      this.#pump();
    });
  }

  /** Sends what waits without waiting for more; resolves when all of it has its outcome, and what came after it, too. */
  flush(): Promise<void> {
    this.#isDue = true;
    this.#pump();
    return this.#heldEvents === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Sends all that waits at once, in as many requests as it takes: the page may be gone in a moment. */
  sendAllNow(): void {
    while (this.#waiting.length > 0) void this.#send(this.#nextBatch());
    this.#rest();
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Gives up what waits, and what is under way once its request has ended. */
  giveUp(): void {
    this.#stop.abort();
    this.#settle(this.#takeWaiting(this.#waiting.length), (item) =>
      dropped(item, 'closed', 'The client was closed before.'),
    );
    this.#rest();
  }

  /** Bodies of the requests under way. */
  underWay(): Uint8Array<ArrayBuffer>[] {
    return [...this.#underWay].map((batch) => joinLines(batch));
  }

  get path(): string {
    return this.#options.path;
  }

  /** Whether there is room now, for which the oldest may have had to go. */
  #makeRoom(bytes: number): boolean {
    while (this.#options.whenFull === 'drop_oldest' && !this.#hasRoom(bytes) && this.#waiting.length > 0) {
      this.#settle(this.#takeWaiting(1), (item) => dropped(item, 'queue_full', this.#full()));
    }
    return this.#hasRoom(bytes);
  }

  #hasRoom(bytes: number): boolean {
    const { queueEvents, queueBytes } = this.#options;
    return this.#heldEvents < queueEvents && this.#heldBytes + bytes <= queueBytes;
  }

  #full(): string {
    return `${this.#heldEvents} wait for their answers, ${this.#heldBytes} bytes: the queue is full.`;
  }

  #pump(): void {
    while (this.#underWay.size < this.#options.parallel && this.#waiting.length > 0) {
      if (!this.#isDue && !this.#isBatchFull()) break;
      void this.#send(this.#nextBatch());
    }
    if (this.#waiting.length === 0) this.#rest();
    else if (!this.#isDue) this.#timer ??= setTimeout(() => this.#fall(), this.#options.batchMs);
  }

  #fall(): void {
    this.#isDue = true;
    this.#pump();
  }

  #rest(): void {
    this.#isDue = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #isBatchFull(): boolean {
    const { batchEvents, batchBytes } = this.#options;
    return this.#waiting.length >= batchEvents || this.#waitingBytes > batchBytes;
  }

  /** How many of those that wait make the next batch. */
  #batchLength(): number {
    const { batchEvents, batchBytes } = this.#options;
    let bytes = 0;
    const end = this.#waiting
      .slice(0, batchEvents)
      .findIndex((item) => (bytes += item.bytes.length + 1) > batchBytes);
    return end === -1 ? Math.min(this.#waiting.length, batchEvents) : Math.max(1, end);
  }

  #nextBatch(): Item<Verdict>[] {
    return this.#takeWaiting(this.#batchLength());
  }

  #takeWaiting(count: number): Item<Verdict>[] {
    const taken = this.#waiting.splice(0, count);
    for (const { bytes } of taken) this.#waitingBytes -= bytes.length + 1;
    return taken;
  }

  async #send(batch: readonly Item<Verdict>[]): Promise<void> {
    this.#underWay.add(batch);
    await this.#deliver(batch);
    this.#underWay.delete(batch);
    this.#pump();
  }

  async #deliver(batch: readonly Item<Verdict>[]): Promise<void> {
    const { failover, path, good } = this.#options;
    const read = (answer: Uint8Array): Receipt | undefined => {
      const receipt = readReceipt(answer);
      return receipt?.received === batch.length ? receipt : undefined;
    };
    const delivery = await failover.send(path, joinLines(batch), read, this.#stop.signal);
    if (!delivery.ok && delivery.failure.status === TOO_LARGE && batch.length > 1) {
      const half = batch.length >> 1;
      await this.#deliver(batch.slice(0, half));
      return this.#deliver(batch.slice(half));
    }
    if (!delivery.ok) {
      this.#settle(batch, (item) => undelivered(item, delivery.failure));
      return;
    }
    const ids = batch.map(({ id }) => id);
    const outcomes = readOutcomes(delivery, ids, good);
    this.#settle(batch, (_item, index) => outcomes[index]);
  }

  #settle(
    items: readonly Item<Verdict>[],
    outcome: (item: Item<Verdict>, index: number) => Outcome<Verdict>,
  ): void {
    for (const [index, item] of items.entries()) {
      this.#heldEvents--;
      this.#heldBytes -= item.bytes.length;
      item.settle(outcome(item, index));
    }
    if (this.#heldEvents > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const TOO_LARGE = 413;

function undelivered(line: Line, { kind, code, message }: RequestFailure): Outcome<never> {
  return dropped(line, kind === 'refused' ? 'refused' : 'gave_up', message, code);
}

function dropped(
  { id, bytes }: Line,
  reason: DropReason,
  message: string,
  code: string = reason,
): Outcome<never> {
  return { status: 'dropped', id, reason, code, message, line: new TextDecoder().decode(bytes) };
}

function joinLines(lines: readonly Line[]): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(lines.reduce((sum, { bytes }) => sum + bytes.length + 1, 0));
  let end = 0;
  for (const { bytes } of lines) {
    body.set(bytes, end);
    end += bytes.length;
    body[end++] = 0x0a;
  }
  return body;
}
