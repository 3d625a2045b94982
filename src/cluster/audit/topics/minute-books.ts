import type { UnixMs } from '../../../base/clock.ts';
import { BOOK_FIGURES, type BookEntry, type BookFigure } from '../ports.ts';
import type { RecordKind } from '../../../union-load/ports.ts';

/** What is added to a minute of a region. */
export interface MinuteFigures {
  readonly region: string;
  readonly minute: UnixMs;
  /** In the order of BOOK_FIGURES. */
  readonly figures: readonly (number | bigint)[];
}

interface Minute {
  readonly sums: bigint[];
  /** Time of the latest message that was about it. */
  changedAt: UnixMs;
}

/** Sums by region and minute, changed message by message. */
export class MinuteBooks {
  readonly #figures: readonly BookFigure[];
  readonly #regions = new Map<string, Map<UnixMs, Minute>>();

  constructor(kind: RecordKind) {
    this.#figures = BOOK_FIGURES[kind];
  }

  /** Adds figures, in the order of BOOK_FIGURES, or takes them out (`sign` −1), as a message of the time `at` said. */
  add({ region, minute, figures }: MinuteFigures, sign: 1n | -1n, at: UnixMs): void {
    const minutes = this.#regions.get(region) ?? new Map<UnixMs, Minute>();
    this.#regions.set(region, minutes);
    const found = minutes.get(minute) ?? { sums: this.#figures.map(() => 0n), changedAt: at };
    minutes.set(minute, found);
    found.changedAt = Math.max(found.changedAt, at);
    for (const [index, figure] of figures.entries()) found.sums[index] += sign * BigInt(figure);
  }

  entries(from: UnixMs): BookEntry[] {
    return [...this.#regions].flatMap(([region, minutes]) =>
      [...minutes]
        .filter(([start]) => start >= from)
        .map(([start, { sums, changedAt }]) => ({
          region,
          start,
          changedAt,
          sums: Object.fromEntries(this.#figures.map((name, index) => [name, sums[index]])),
        })),
    );
  }
}
