import type { JobWish } from '../../../cluster/jobs/job-wish.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

export const JOB_WISH_FILE = 'jobs.json';
const FORMAT = 1;

/** What the cluster of a directory is to run; null while nothing was applied. */
export function readJobWish(directory: string): JobWish | null {
  return (readStateFile(directory, JOB_WISH_FILE, FORMAT) as JobWish | undefined) ?? null;
}

export function writeJobWish(directory: string, wish: JobWish): void {
  writeStateFile(directory, JOB_WISH_FILE, FORMAT, wish);
}
