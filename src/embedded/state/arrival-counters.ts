import { noVerdicts, VERDICTS, type VerdictCounts } from '../../model/verdict.ts';
import { minuteOf } from '../../model/event-time.ts';
import type { ArrivalMinute } from '../ports.ts';

/** Received, then one count per verdict in the order of VERDICT_INDEX. */
export type Counts = Float64Array;
export const RECEIVED = VERDICTS.length;
const COUNTS = VERDICTS.length + 1;

/** How many events arrived, and what became of them, per minute of arrival and in all. */
export class ArrivalCounters {
  readonly #minutes = new Map<number, Counts>();
  readonly total: Counts = new Float64Array(COUNTS);
  /** Sums of the minutes no longer held. */
  readonly earlier: Counts = new Float64Array(COUNTS);

  /** The counts of the minute of `arrival`, to be added to. */
  at(arrival: number): Counts {
    const minute = minuteOf(arrival);
    let counts = this.#minutes.get(minute);
    if (counts === undefined) {
      counts = new Float64Array(COUNTS);
      this.#minutes.set(minute, counts);
    }
    return counts;
  }

  /** Folds the minutes before `before` into `earlier`. */
  retire(before: number): void {
    for (const [minute, counts] of this.#minutes) {
      if (minute >= before) continue;
      for (let n = 0; n < COUNTS; n++) this.earlier[n] += counts[n];
      this.#minutes.delete(minute);
    }
  }

  /** Minutes held, oldest first. */
  list(): ArrivalMinute[] {
    return [...this.#minutes.keys()]
      .toSorted((a, b) => a - b)
      .map((minute) => ({ minute, ...readCounts(this.#minutes.get(minute)!) }));
  }

  /** All of it as one array: total, earlier, then minute and counts of each minute held. */
  dump(): Float64Array {
    const out = new Float64Array(2 * COUNTS + this.#minutes.size * (COUNTS + 1));
    out.set(this.total, 0);
    out.set(this.earlier, COUNTS);
    let at = 2 * COUNTS;
    for (const [minute, counts] of this.#minutes) {
      out[at] = minute;
      out.set(counts, at + 1);
      at += COUNTS + 1;
    }
    return out;
  }

  /** Takes over what dump() gave, in place of everything held. */
  load(dump: Float64Array): void {
    this.total.set(dump.subarray(0, COUNTS));
    this.earlier.set(dump.subarray(COUNTS, 2 * COUNTS));
    this.#minutes.clear();
    for (let at = 2 * COUNTS; at < dump.length; at += COUNTS + 1) {
      this.#minutes.set(dump[at], dump.slice(at + 1, at + 1 + COUNTS));
    }
  }
}

export function readCounts(counts: Counts): { received: number; verdicts: VerdictCounts } {
  const verdicts = noVerdicts();
  for (const [n, verdict] of VERDICTS.entries()) verdicts[verdict] = counts[n]!;
  return { received: counts[RECEIVED], verdicts };
}
