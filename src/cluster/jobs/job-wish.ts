import { AdtallyError } from '../../base/errors.ts';
import type { RenderedJob } from '../render/rendered-job.ts';

/** Which jobs a cluster is to run, as the last command said that changed it. */
export interface JobWish {
  /** Instances of each job. */
  readonly parallelism: number;
  /** Stopped on purpose: nobody starts them again but who says so. */
  readonly areStopped: boolean;
  readonly jobs: readonly RenderedJob[];
  /** How long touches are kept, ms; undefined where no table of them was applied. */
  readonly touchesKeptMs?: number;
}

const PARALLELISM = 'parallelism.default';

export function withParallelism(wish: JobWish, parallelism: number): JobWish {
  const jobs = wish.jobs.map((job) => ({
    ...job,
    settings: { ...job.settings, [PARALLELISM]: String(parallelism) },
  }));
  return { ...wish, parallelism, jobs };
}

/** The slots of Flink that a job takes. */
function slotsOf({ settings }: RenderedJob): number {
  return Number(settings[PARALLELISM] ?? 1);
}

/** What a Flink has room for. */
export interface SlotFacts {
  readonly total: number;
  readonly free: number;
  /** Those that the jobs of the wish hold now, and give back when they are stopped. */
  readonly own: number;
}

/** Throws AdtallyError job_failed when the jobs do not fit: found out before one is stopped. */
export function checkSlots(jobs: readonly RenderedJob[], { total, free, own }: SlotFacts): void {
  const needed = jobs.reduce((sum, job) => sum + slotsOf(job), 0);
  if (needed <= free + own) return;
  throw new AdtallyError(
    'job_failed',
    `${jobs.length} jobs need ${needed} slots of Flink, and ${free + own} of its ${total} are not taken by others: ask for less, or add TaskManagers. Nothing was stopped.`,
  );
}

/** Throws AdtallyError job_failed when instances would have nothing to read. */
export function checkPartitions(
  parallelism: number,
  topics: readonly { readonly name: string; readonly partitions: number }[],
): void {
  const fewest = topics.toSorted((a, b) => a.partitions - b.partitions).at(0);
  if (fewest === undefined || parallelism <= fewest.partitions) return;
  throw new AdtallyError(
    'job_failed',
    `${fewest.name} has ${fewest.partitions} partitions: of ${parallelism} instances of a job some would have nothing to read. Apply with --partitions ${parallelism} first. Nothing was stopped.`,
  );
}
