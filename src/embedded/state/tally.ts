import type { EventProblem, IngestReceipt } from '../../model/verdict.ts';
import { readCounts, RECEIVED } from './arrival-counters.ts';

/** Collects the receipt of one request while its events are judged. */
export class Tally {
  readonly #counts = new Float64Array(RECEIVED + 1);
  readonly #problems: EventProblem[] = [];
  readonly #problemsMax: number;

  constructor(problemsMax: number) {
    this.#problemsMax = problemsMax;
  }

  /** Books one event under its verdict (index in VERDICTS). */
  add(verdict: number): void {
    this.#counts[verdict]++;
    this.#counts[RECEIVED]++;
  }

  wantsProblem(): boolean {
    return this.#problems.length < this.#problemsMax;
  }

  /** Describes the event added last. */
  problem(problem: Omit<EventProblem, 'index'>): void {
    this.#problems.push({ index: this.#counts[RECEIVED] - 1, ...problem });
  }

  receipt(): IngestReceipt {
    return { ...readCounts(this.#counts), problems: this.#problems };
  }
}
