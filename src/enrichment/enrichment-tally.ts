import { ORDER_SERVICE_FAILURES, type OrderServiceFailure } from './ports.ts';
import type { BreakerState } from './circuit-breaker.ts';

/** Gauges, and counters since the start of the process. How many orders are pending is for the engine to say. */
export interface EnrichmentStatus {
  /** Questions under way. */
  readonly asking: number;
  /** Orders between two attempts. */
  readonly waiting: number;
  /** Results on their way into the log. */
  readonly submitting: number;
  /** Questions asked in all. */
  readonly questions: number;
  /** Results that the log took. */
  readonly results: { readonly ok: number; readonly unavailable: number };
  readonly failures: Readonly<Record<OrderServiceFailure, number>>;
  /** What the latest failure was; null before the first. */
  readonly lastFailure: string | null;
  /** Results that the log did not take; their orders were asked for again. */
  readonly submitFailures: number;
  readonly breaker: BreakerState;
  /** How often the service was given up for a while. */
  readonly breakerOpenings: number;
}

type Counts = Pick<EnrichmentStatus, 'questions' | 'results' | 'failures' | 'lastFailure' | 'submitFailures'>;

/** What has come of the questions so far. */
export class EnrichmentTally {
  questions = 0;
  submitFailures = 0;
  readonly results = { ok: 0, unavailable: 0 };
  readonly #failures = Object.fromEntries(ORDER_SERVICE_FAILURES.map((reason) => [reason, 0])) as Record<
    OrderServiceFailure,
    number
  >;
  #lastFailure: string | null = null;

  failed(reason: OrderServiceFailure, detail: string): void {
    this.#failures[reason]++;
    this.#lastFailure = `${reason}: ${detail}`;
  }

  /** A copy that does not change any more. */
  counts(): Counts {
    const { questions, submitFailures } = this;
    const [results, failures] = [{ ...this.results }, { ...this.#failures }];
    return { questions, submitFailures, results, failures, lastFailure: this.#lastFailure };
  }
}
