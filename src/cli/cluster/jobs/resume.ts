import { withClusterLock } from '../../../adapters/local-process/cluster-lock.ts';
import { applyJobs } from '../../../cluster/jobs/apply-jobs.ts';
import type { CommandDefinition } from '../../command.ts';
import { addClusterDirectory } from '../local-cluster.ts';
import { writeJobWish } from '../state/job-wish-file.ts';
import { appliedTable } from './applied-table.ts';
import { checkWish, openWishedCluster, wishOf } from './wished-cluster.ts';

export const resumeCommand: CommandDefinition = {
  usage: 'resume',
  about: 'Start the jobs that do not run, each from its newest complete checkpoint or savepoint',
  more: 'They are those that were applied last. A job that runs is left alone.',
  configure: addClusterDirectory,
  run: async (command, terminal) => {
    const cluster = openWishedCluster(command);
    const { directory, services } = cluster;
    const jobs = await withClusterLock(directory, async () => {
      const wish = { ...wishOf(cluster), areStopped: false };
      await checkWish(cluster, wish);
      writeJobWish(directory, wish);
      return applyJobs(wish.jobs, services);
    });
    terminal.result({ jobs }, appliedTable(jobs));
    return 0;
  },
};
