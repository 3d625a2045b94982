import { withClusterLock } from '../../../adapters/local-process/cluster-lock.ts';
import { stopJobs, type StoppedJob } from '../../../cluster/jobs/stop-jobs.ts';
import type { CommandDefinition } from '../../command.ts';
import { renderTable } from '../../table.ts';
import { addClusterDirectory } from '../local-cluster.ts';
import { writeJobWish } from '../state/job-wish-file.ts';
import { openWishedCluster, wishOf } from './wished-cluster.ts';

export const stopJobsCommand: CommandDefinition = {
  usage: 'stop-jobs',
  about: 'Stop the jobs, each with a savepoint; "adtally cluster resume" goes on from there',
  more: 'They stay stopped: watch does not start them either. What comes in meanwhile waits in Kafka. A job that cannot be stopped runs on.',
  configure: (command) =>
    addClusterDirectory(command).option(
      '--cancel',
      'end them without a savepoint: they go on from their newest checkpoint',
    ),
  run: async (command, terminal) => {
    const cluster = openWishedCluster(command);
    const { cancel: isCancelled = false } = command.opts<{ cancel?: boolean }>();
    const { directory, services } = cluster;
    const jobs = await withClusterLock(directory, async () => {
      const wish = wishOf(cluster);
      // First what is wished: should this command end here, watch starts none of them behind its back.
      writeJobWish(directory, { ...wish, areStopped: true });
      return stopJobs(wish.jobs, services, { isCancelled });
    });
    terminal.result({ jobs }, describe(jobs));
    return 0;
  },
};

function describe(jobs: readonly StoppedJob[]): string {
  const rows = jobs.map(({ name, jobId, action, savepoint }) => [
    name,
    jobId === null ? 'did not run' : action,
    savepoint ?? jobId ?? '–',
  ]);
  return renderTable(['job', 'action', 'detail'], rows);
}
