import type { StandingAlarm } from '../../../cluster/watch/alarm.ts';
import type { JobSample, Sample } from '../../../cluster/watch/sample.ts';
import type { JobFigures, WatchFigures } from '../../../server/watch/watch-metrics.ts';

/** What the metrics show of a sample. */
export function watchFigures(
  { at, processes, jobs, topics }: Sample,
  alarms: readonly StandingAlarm[],
  restarts: ReadonlyMap<string, number>,
): WatchFigures {
  return {
    at,
    alarms,
    restarts,
    servers: processes.map(({ name, state }) => ({ name, isUp: state === 'ready' })),
    jobs: jobs.map((job) => jobFigures(job, at)),
    topics: topics.map(({ name, partitions }) => ({
      name,
      unstableMessages: Number(partitions.reduce((sum, { end, lastStable }) => sum + (end - lastStable), 0n)),
    })),
  };
}

function jobFigures(
  { name, state, checkpoints, lagMessages, committers }: JobSample,
  at: number,
): JobFigures {
  const latestAt = checkpoints?.latestAt ?? null;
  return {
    name,
    isRunning: state === 'RUNNING',
    checkpointAgeMs: latestAt === null ? null : at - latestAt,
    checkpointsCompleted: checkpoints?.completed ?? 0,
    checkpointsFailed: checkpoints?.failed ?? 0,
    lagMessages,
    committers,
  };
}
