import type { UnixMs } from '../../base/clock.ts';
import type { JobSample } from './sample.ts';

/** Transactions of a sink that Flink gave up: what was in them is missing until the job is replayed. */
export interface Loss {
  /** Name of the job. */
  readonly job: string;
  /** The run of it that lost them. */
  readonly jobId: string;
  readonly sink: string;
  readonly transactions: number;
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

/** The book with what a sample shows besides; the same one when that is nothing. */
export function withLosses(book: readonly Loss[], jobs: readonly JobSample[], at: UnixMs): readonly Loss[] {
  const found = jobs.flatMap(({ name: job, jobId, committers }) =>
    committers
      .filter(({ failed }) => failed > 0 && jobId !== null)
      .map(({ sink, failed }) => ({ job, jobId: jobId!, sink, transactions: failed, noticedAt: at })),
  );
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

function isSame(a: Loss, b: Loss): boolean {
  return a.jobId === b.jobId && a.sink === b.sink;
}
