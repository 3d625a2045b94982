import type { UnixMs } from '../../../base/clock.ts';
import { BOOK_FIGURES, type BookEntry, type BookFigure } from '../ports.ts';
import type { RecordKind } from '../../../union-load/ports.ts';

/** Sums by region and minute, changed message by message. */
export class MinuteBooks {
  readonly #figures: readonly BookFigure[];
  readonly #regions = new Map<string, Map<UnixMs, bigint[]>>();

  constructor(kind: RecordKind) {
    this.#figures = BOOK_FIGURES[kind];
  }

  /** Adds figures, in the order of BOOK_FIGURES, or takes them out (`sign` −1). */
  add(region: string, minute: UnixMs, figures: readonly (number | bigint)[], sign: 1n | -1n): void {
    const minutes = this.#regions.get(region) ?? new Map<UnixMs, bigint[]>();
    this.#regions.set(region, minutes);
    const sums = minutes.get(minute) ?? this.#figures.map(() => 0n);
    minutes.set(minute, sums);
    for (const [index, figure] of figures.entries()) sums[index] += sign * BigInt(figure);
  }

  entries(from: UnixMs): BookEntry[] {
    return [...this.#regions].flatMap(([region, minutes]) =>
      [...minutes]
        .filter(([start]) => start >= from)
        .map(([start, sums]) => ({
          region,
          start,
          sums: Object.fromEntries(this.#figures.map((name, index) => [name, sums[index]])),
        })),
    );
  }
}
