import type { UnixMs } from '../../base/clock.ts';

/** Transactions of a sink that Flink could not commit: what was in them is missing until the job is replayed. */
export interface Loss {
  /** Name of the job. */
  readonly job: string;
  /** From one start or restart of it to the next: Flink counts within it. */
  readonly run: string;
  readonly sink: string;
  readonly transactions: number;
  /** They may have been committed before the restart after which Flink tried it again: nobody can tell. */
  readonly isDoubtful: boolean;
  readonly noticedAt: UnixMs;
}

/**
 * Losses that nobody has repaired yet. They outlive whoever found them: Flink counts a loss only until the job is restarted,
 * and what is missing stays so.
 */
export interface LossBook {
  read(): readonly Loss[];
  write(losses: readonly Loss[]): void;
}

/** The book with what was found just now; the same one when that is known already. */
export function withLosses(book: readonly Loss[], found: readonly Loss[]): readonly Loss[] {
  const isSame = (a: Loss, b: Loss): boolean => a.run === b.run && a.sink === b.sink;
  const news = found.filter(
    (loss) => !book.some((known) => isSame(known, loss) && known.transactions >= loss.transactions),
  );
  if (news.length === 0) return book;
  return [...book.filter((known) => !news.some((loss) => isSame(known, loss))), ...news];
}

/** The book once these jobs have been replayed. */
export function withoutLosses(book: readonly Loss[], jobs: readonly string[]): readonly Loss[] {
  return book.filter(({ job }) => !jobs.includes(job));
}
