import { describe, expect, test } from 'vitest';
import { LossFinder } from '../../../src/cluster/watch/loss-finder.ts';
import type { JobSample } from '../../../src/cluster/watch/sample.ts';
import { checkpoints, jobSample } from './samples.ts';

const TIMEOUT_MS = 900_000;
const T = 1_800_000_000_000;

/** A job whose `clean` could not commit so many transactions. */
function failing(failed: number, more: Partial<JobSample> = {}): JobSample {
  const committers = [{ sink: 'clean', startedAt: T, failed, pending: 0, transactionTimeoutMs: TIMEOUT_MS }];
  return jobSample({ committers, ...more });
}

/** The same, whose tasks go on at T from a checkpoint that is so old then. The restart itself began right after that one. */
function restored(failed: number, ageMs: number | null, from = 'file:/c/chk-7'): JobSample {
  const completedAt = T - (ageMs ?? 0);
  return failing(failed, {
    checkpoints: { ...checkpoints(T + 1), restored: { at: completedAt + 1, from } },
    restoredCheckpointAt: ageMs === null ? null : completedAt,
  });
}

/** Transactions found lost at each look, so many seconds after T. */
function found(looks: readonly (readonly [seconds: number, job: JobSample])[]): (number | undefined)[] {
  const finder = new LossFinder();
  return looks.map(([seconds, job]) => finder.find([job], T + seconds * 1000)[0]?.transactions);
}

describe('nothing is lost', () => {
  test('when no commit fails', () => {
    expect(found([[0, failing(0)]])).toEqual([undefined]);
  });

  test('when a restart commits again what was committed, before Kafka could have aborted it, whenever Flink counts that', () => {
    const looks = [0, 1, 1, 2].map((failed, n) => [n * 30, restored(failed, 860_000)] as const);
    expect(found(looks)).toEqual([undefined, undefined, undefined, undefined]);
    expect(found([[3600, restored(2, 860_000)]])).toEqual([undefined]);
  });

  test('when the job was stopped with a savepoint, however long ago', () => {
    expect(found([[5, restored(2, 86_400_000, 'file:/c/savepoints/savepoint-896f1d-3713b4')]])).toEqual([
      undefined,
    ]);
  });
});

describe('it is lost', () => {
  test('when a job fails to commit that was never restored', () => {
    const finder = new LossFinder();
    expect(finder.find([failing(2)], T)).toEqual([
      {
        job: 'adtally-a-aggregation',
        run: `job-1 ${T}`,
        ofRun: 2,
        sink: 'clean',
        transactions: 2,
        isDoubtful: false,
        noticedAt: T,
      },
    ]);
  });

  test('perhaps, when the job was away for longer than a transaction may last, or nobody knows for how long', () => {
    for (const ageMs of [870_000, 86_400_000, null]) {
      const [loss] = new LossFinder().find([restored(1, ageMs)], T + 5000);
      expect(loss).toMatchObject({ transactions: 1, isDoubtful: true });
    }
  });

  test('when commits fail long after a restart, besides those that failed then', () => {
    expect(
      found([
        [10, restored(2, 20_000)],
        [200, restored(2, 20_000)],
        [300, restored(3, 20_000)],
        [400, restored(3, 20_000)],
      ]),
    ).toEqual([undefined, undefined, 1, 1]);
  });
});
