import type { UnixMs } from '../../base/clock.ts';

/** Transactions of a sink that Flink could not commit: what was in them is missing until the job is replayed. */
export interface Loss {
  /** Name of the job. */
  readonly job: string;
  readonly sink: string;
  /** In all of its runs. */
  readonly transactions: number;
  /** Its latest run that lost some, from one start or restart to the next: Flink counts within it. */
  readonly run: string;
  readonly ofRun: number;
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

/** The book with what was found in the runs of now; the same one when all of that is known. One entry for a job and sink. */
export function withLosses(book: readonly Loss[], found: readonly Loss[]): readonly Loss[] {
  let merged = book;
  for (const loss of found) {
    const known = merged.find(({ job, sink }) => job === loss.job && sink === loss.sink);
    const before = known?.run === loss.run ? known.ofRun : 0;
    if (loss.ofRun <= before) continue;
    const entry = {
      ...loss,
      transactions: (known?.transactions ?? 0) + loss.ofRun - before,
      isDoubtful: loss.isDoubtful && known?.isDoubtful !== false,
    };
    merged = [...merged.filter((one) => one !== known), entry];
  }
  return merged;
}

/** The book once these jobs have been replayed. */
export function withoutLosses(book: readonly Loss[], jobs: readonly string[]): readonly Loss[] {
  return book.filter(({ job }) => !jobs.includes(job));
}
