import type { JobSample, Sample, TopicSample } from '../../../src/cluster/watch/sample.ts';

/** A cluster in which all is well, `seconds` after some moment. */
export function sampleAt(seconds: number, more: Partial<Sample> = {}): Sample {
  const at = 1_800_000_000_000 + seconds * 1000;
  const jobs = [jobSample({ checkpoints: checkpoints(at - 500) })];
  return { at, atMs: seconds * 1000, processes: [], jobs, topics: [], silent: [], ...more };
}

export function jobSample(more: Partial<JobSample> = {}): JobSample {
  return {
    name: 'adtally-a-aggregation',
    state: 'RUNNING',
    jobId: 'job-1',
    copies: 1,
    startedAt: 1_800_000_000_000,
    checkpointIntervalMs: 1000,
    checkpoints: checkpoints(1_800_000_000_000),
    failure: null,
    restoredCheckpointAt: null,
    committers: [
      { sink: 'clean', startedAt: 1_800_000_000_000, failed: 0, pending: 0, transactionTimeoutMs: 900_000 },
    ],
    lagMessages: 0,
    missedMessages: 0,
    ...more,
  };
}

export function checkpoints(
  latestAt: number,
  completed = 1,
  failed = 0,
): NonNullable<JobSample['checkpoints']> {
  return { latestAt, completed, failed, restored: null };
}

export function topicSample(lastStable: bigint, end: bigint, open: readonly string[] = []): TopicSample {
  return { region: 'a', name: 'a.clean', partitions: [{ partition: 0, lastStable, end, open }] };
}
