import type { Clock, UnixMs } from '../base/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../base/units.ts';
import type {
  EnrichmentResult,
  OrderService,
  OrderServiceAnswer,
  PendingOrder,
  PendingOrders,
  SubmitEnrichment,
} from './ports.ts';
import { backoffMs, jitteredMs } from '../base/backoff.ts';
import { CircuitBreaker, type Permit } from './circuit-breaker.ts';
import { EnrichmentTally, type EnrichmentStatus } from './enrichment-tally.ts';

/** How long an order rests, at most, after the last of its attempts in a row. */
const REST_MS = 30 * SECOND_MS;
/** How long an order rests, at most, that was asked for as a probe and failed: pauses of the breaker. */
const PROBE_REST_PAUSES = 6;
/** How long a result that the log did not take is left alone, at most. */
const SUBMIT_PAUSE_MS = SECOND_MS;
/** Orders that wait for their next attempt; with more of them no further order is asked for. */
const WAITING_MAX = 4096;
/** Results on their way into the log. */
const SUBMITTING_MAX = 256;
/** Orders looked at in one go. */
const PAGE_ORDERS = 64;
/** A wall clock that has jumped is noticed after so long. */
const LOOK_MS_MAX = MINUTE_MS;
/** When what it wakes for is due but there is no room for it. */
const LOOK_MS_MIN = 50;

export interface EnricherOptions {
  readonly clock: Clock;
  /** From 0 inclusive to 1 exclusive. */
  readonly chance: () => number;
  readonly service: OrderService;
  readonly pendingOrders: PendingOrders;
  readonly submit: SubmitEnrichment;
  /** Most questions under way. */
  readonly concurrency: number;
  /** Attempts in a row before an order rests. */
  readonly attempts: number;
  /** Pause after the first failed attempt, ms. */
  readonly backoffMs: number;
  /** Failures in a row after which nothing is asked for a while, and how long that is. */
  readonly breaker?: { readonly failuresToOpen: number; readonly pauseMs: number };
}

/** An order that was asked for without success. */
interface Retry {
  readonly order: PendingOrder;
  /** Attempts in a row so far. */
  readonly failures: number;
}

/**
 * Gets pending orders their details: decides when the order service is asked, for which order and how often. What it forgets or
 * loses is still pending in the engine's state, so it remembers little and may stop at any time. An order ends with one result
 * that the log took: `ok`, or `unavailable` after its deadline. Stop it before the region closes.
 */
export class Enricher {
  readonly #options: EnricherOptions;
  readonly #clock: Clock;
  readonly #breaker: CircuitBreaker;
  readonly #breakerPauseMs: number;
  readonly #tally = new EnrichmentTally();
  readonly #stopping = new AbortController();
  /** Orders in its hands, by id: asked for, waiting, due or being submitted. */
  readonly #held = new Set<string>();
  /** Orders between two attempts, with how to cancel what ends the pause. */
  readonly #waiting = new Map<string, { order: PendingOrder; cancel: () => void }>();
  /** Their pause is over, and they wait for a free place only. */
  #due: Retry[] = [];
  #asking = 0;
  /** How often retry() was called. */
  #retries = 0;
  readonly #submitting = new Set<Promise<void>>();
  /** Earliest deadline of the orders it has seen and left where they are; -Infinity when it has to look. */
  #nextDeadline: UnixMs = -Infinity;
  #cancelLook = (): void => {};

  constructor(options: EnricherOptions) {
    this.#options = options;
    this.#clock = options.clock;
    const breaker = options.breaker ?? { failuresToOpen: 10, pauseMs: 5 * SECOND_MS };
    this.#breaker = new CircuitBreaker(breaker);
    this.#breakerPauseMs = breaker.pauseMs;
  }

  /** Takes up what is pending. To be called at the start and whenever orders have become pending; costs little. */
  wake(): void {
    if (this.#isStopped) return;
    this.#askDue();
    this.#takeUp();
    this.#lookLater();
  }

  /** Asks again at once for what rests, and a service that was given up: for when somebody knows that it is back. */
  retry(): void {
    for (const { order, cancel } of this.#waiting.values()) {
      cancel();
      this.#release(order);
    }
    this.#waiting.clear();
    this.#retries++;
    this.#breaker.allowProbe(this.#clock.monotonicMs());
    this.wake();
  }

  /** Ends all questions and timers at once; resolves when nothing is on its way into the log any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelLook();
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#due = [];
    await Promise.all(this.#submitting);
  }

  status(): EnrichmentStatus {
    return {
      ...this.#tally.counts(),
      asking: this.#asking,
      waiting: this.#waiting.size + this.#due.length,
      submitting: this.#submitting.size,
      breaker: this.#breaker.state,
      breakerOpenings: this.#breaker.openings,
    };
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #mayAsk(): boolean {
    return this.#asking < this.#options.concurrency && this.#breaker.mayAsk(this.#clock.monotonicMs());
  }

  /** Whether there is room for an order that is not in its hands yet; it may have to wait for its next attempt. */
  #mayAskAnew(): boolean {
    return this.#mayAsk() && this.#waiting.size + this.#asking < WAITING_MAX;
  }

  /** Every question may become a result. */
  #roomForResults(): number {
    return SUBMITTING_MAX - this.#submitting.size - this.#asking;
  }

  #askDue(): void {
    while (this.#due.length > 0 && this.#roomForResults() > 0) {
      if (this.#due[0].order.deadline <= this.#clock.now()) this.#giveUp(this.#due.shift()!.order);
      else if (this.#mayAsk()) this.#ask(this.#due.shift()!);
      else break;
    }
    if (this.#breaker.state === 'closed') return;
    // It may be long until they can be asked for, and as pending orders their deadlines are watched.
    for (const { order } of this.#due.splice(0)) this.#release(order);
  }

  #takeUp(): void {
    for (let room = this.#roomForResults(); room > 0; room = this.#roomForResults()) {
      if (!this.#mayAskAnew() && this.#clock.now() < this.#nextDeadline) return;
      const limit = Math.min(room, PAGE_ORDERS);
      const page = this.#options.pendingOrders.pending(limit, this.#held);
      this.#nextDeadline = -Infinity;
      const heldBefore = this.#held.size;
      const left = page.find((order) => !this.#takeUpOne(order));
      if (left !== undefined) this.#nextDeadline = left.deadline;
      if (left !== undefined || page.length < limit || this.#held.size === heldBefore) return;
    }
  }

  /** Whether something could be done for the order. */
  #takeUpOne(order: PendingOrder): boolean {
    if (this.#held.has(order.orderId)) return true;
    // Orders to give up have a share of the room of their own: others that wait must not hold them up.
    if (order.deadline <= this.#clock.now()) {
      if (this.#waiting.size >= 2 * WAITING_MAX) return false;
      this.#giveUp(order);
    } else {
      if (!this.#mayAskAnew()) return false;
      this.#ask({ order, failures: 0 });
    }
    return true;
  }

  #ask(retry: Retry): void {
    this.#held.add(retry.order.orderId);
    this.#asking++;
    this.#tally.questions++;
    void this.#question(retry, this.#breaker.begin());
  }

  async #question({ order, failures }: Retry, permit: Permit): Promise<void> {
    const retries = this.#retries;
    const answer = await this.#answerFor(order.orderId);
    if (this.#isStopped) return;
    this.#asking--;
    // That the service does not know an order says nothing against the service.
    const isHealthy = answer.ok || answer.reason === 'not_found';
    this.#breaker.end(permit, isHealthy, this.#clock.monotonicMs());
    if (answer.ok) this.#submit(order, { status: 'ok', enrichment: answer.enrichment });
    else {
      this.#tally.failed(answer.reason, answer.detail);
      // What was asked before a retry() says nothing of the service as it has been since; what is past its deadline does not rest, but is given up.
      const isOver = order.deadline <= this.#clock.now();
      if (isOver || retries !== this.#retries) this.#release(order);
      // Or one order that the service fails at would be every probe, and the others would never come.
      else if (permit === 'probe') this.#rest(order, PROBE_REST_PAUSES * this.#breakerPauseMs);
      else if (!answer.retryable || failures + 1 >= this.#options.attempts) this.#rest(order, REST_MS);
      else this.#retryLater({ order, failures: failures + 1 });
    }
    this.wake();
  }

  async #answerFor(orderId: string): Promise<OrderServiceAnswer> {
    try {
      return await this.#options.service.fetchOrder(orderId, this.#stopping.signal);
    } catch {
      const detail = 'The adapter of the order service failed.';
      return { ok: false, reason: 'unreachable', retryable: true, detail };
    }
  }

  #retryLater(retry: Retry): void {
    const pauseMs = backoffMs(retry.failures, this.#options.backoffMs, this.#options.chance());
    this.#wait(retry.order, pauseMs, () => this.#due.push(retry));
  }

  /** What has rested begins anew, as the order that it then is: it may be another version, or pending no more. */
  #rest(order: PendingOrder, longestMs: number): void {
    const pauseMs = jitteredMs(longestMs, this.#options.chance());
    this.#wait(order, pauseMs, () => this.#release(order));
  }

  /** Calls `then` after the pause or at the order's deadline. */
  #wait(order: PendingOrder, pauseMs: number, then: () => void): void {
    const leftMs = order.deadline - this.#clock.now();
    const delayMs = leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs;
    const cancel = this.#clock.after(delayMs, () => {
      this.#waiting.delete(order.orderId);
      then();
      this.wake();
    });
    this.#waiting.set(order.orderId, { order, cancel });
  }

  #giveUp(order: PendingOrder): void {
    this.#held.add(order.orderId);
    this.#submit(order, { status: 'unavailable', enrichment: null });
  }

  #submit(order: PendingOrder, outcome: Pick<EnrichmentResult, 'status' | 'enrichment'>): void {
    const submitted = this.#handOver(order, outcome).finally(() => {
      this.#submitting.delete(submitted);
      this.wake();
    });
    this.#submitting.add(submitted);
  }

  async #handOver(
    order: PendingOrder,
    outcome: Pick<EnrichmentResult, 'status' | 'enrichment'>,
  ): Promise<void> {
    const { orderId, orderVersion } = order;
    try {
      await this.#options.submit({ orderId, orderVersion, ...outcome });
      this.#tally.results[outcome.status]++;
      this.#release(order);
    } catch {
      // An overload or a stopping region, which has told why. The order is still pending, and its turn comes again.
      this.#tally.submitFailures++;
      if (!this.#isStopped) this.#rest(order, SUBMIT_PAUSE_MS);
    }
  }

  #release(order: PendingOrder): void {
    this.#held.delete(order.orderId);
    this.#nextDeadline = Math.min(this.#nextDeadline, order.deadline);
  }

  /** Wakes for the next deadline or probe, when orders were left where they are. */
  #lookLater(): void {
    this.#cancelLook();
    this.#cancelLook = (): void => {};
    if (this.#nextDeadline === -Infinity) return;
    const untilDeadlineMs = this.#nextDeadline - this.#clock.now();
    const untilProbeMs = (this.#breaker.probeAtMs ?? Infinity) - this.#clock.monotonicMs();
    const delayMs = Math.min(LOOK_MS_MAX, untilDeadlineMs, untilProbeMs);
    this.#cancelLook = this.#clock.after(Math.max(LOOK_MS_MIN, delayMs), () => this.wake());
  }
}
