import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { SimulatedClock } from '../../src/simulation/simulated-clock.ts';
import type { Clock } from '../../src/base/clock.ts';
import { Enricher, type EnricherOptions } from '../../src/enrichment/enricher.ts';
import type {
  EnrichmentResult,
  OrderServiceAnswer,
  OrderServiceFailure,
  PendingOrder,
} from '../../src/enrichment/ports.ts';

const BEGINNING = Date.UTC(2026, 0, 1);
export const OK: OrderServiceAnswer = { ok: true, enrichment: { city: 'Paris' } };

export function failing(reason: OrderServiceFailure, retryable = true): OrderServiceAnswer {
  return { ok: false, reason, retryable, detail: 'told to' };
}

/** What the service does with a question: an answer and how long it takes, ms. */
export type Behaviour = (orderId: string, attempt: number) => { answer: OrderServiceAnswer; afterMs: number };

/** An engine's pending orders, an order service and virtual time around an Enricher. */
export class EnrichmentWorld {
  readonly time = new SimulatedClock(BEGINNING);
  readonly clock: Clock = {
    now: () => this.time.now(),
    monotonicMs: () => this.time.monotonicMs(),
    after: (delayMs, action) => this.time.schedule(delayMs, action),
    turn: () => Promise.resolve(),
  };
  readonly pending = new Map<string, PendingOrder>();
  readonly results: EnrichmentResult[] = [];
  /** Every question with its time, ms since the beginning. */
  readonly questions: { orderId: string; atMs: number }[] = [];
  readonly faults: string[] = [];
  askingMax = 0;
  looks = 0;
  /** How long the log takes to take a result, ms, or that it does not. */
  submitting: () => number | Error = () => 1;
  behaviour: Behaviour = () => ({ answer: OK, afterMs: 10 });
  #asking = 0;

  enricher(options: Partial<EnricherOptions> = {}): Enricher {
    const random = new SeededRandom('chance');
    return new Enricher({
      clock: this.clock,
      chance: () => random.fraction(),
      service: { fetchOrder: (orderId, signal) => this.#answer(orderId, signal) },
      pendingOrders: {
        pending: (limit, except) => {
          this.looks++;
          return [...this.pending.values()]
            .filter(({ orderId }) => !except.has(orderId))
            .toSorted((a, b) => a.deadline - b.deadline)
            .slice(0, limit);
        },
      },
      submit: (result) => this.#submit(result),
      concurrency: 4,
      attempts: 5,
      backoffMs: 200,
      breaker: { failuresToOpen: Infinity, pauseMs: 5000 },
      ...options,
    });
  }

  /** Makes orders pending: `o1`, `o2` and so on. */
  add(count: number, deadlineMs = 600_000): void {
    for (let made = 0; made < count; made++) {
      const orderId = `o${this.pending.size + this.results.length + 1}`;
      this.pending.set(orderId, { orderId, orderVersion: 1, deadline: this.time.now() + deadlineMs });
    }
  }

  /** Lets so much time pass. */
  async pass(durationMs: number): Promise<void> {
    const over = { yet: false };
    this.time.schedule(durationMs, () => (over.yet = true));
    while (!over.yet) await this.time.step();
  }

  /** Steps until nothing is left to happen. */
  async settle(): Promise<void> {
    while (await this.time.step());
  }

  timesOf(orderId: string): number[] {
    return this.questions.filter((question) => question.orderId === orderId).map(({ atMs }) => atMs);
  }

  async #answer(orderId: string, signal: AbortSignal): Promise<OrderServiceAnswer> {
    this.questions.push({ orderId, atMs: this.time.monotonicMs() });
    if (!this.pending.has(orderId)) this.faults.push(`asked for ${orderId}, which is not pending`);
    this.askingMax = Math.max(this.askingMax, ++this.#asking);
    const { answer, afterMs } = this.behaviour(orderId, this.timesOf(orderId).length);
    await new Promise<void>((resolve) => {
      const cancel = this.time.schedule(afterMs, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
    this.#asking--;
    return signal.aborted ? failing('unreachable') : answer;
  }

  async #submit(result: EnrichmentResult): Promise<void> {
    const outcome = this.submitting();
    await new Promise<void>((resolve) => {
      this.time.schedule(typeof outcome === 'number' ? outcome : 1, resolve);
    });
    if (outcome instanceof Error) throw outcome;
    if (!this.pending.delete(result.orderId)) this.faults.push(`${result.orderId} has got a second result`);
    this.results.push(result);
  }
}
