import { openKafkaAdmin } from '../../../adapters/kafka/kafka-admin.ts';
import { withClusterLock } from '../../../adapters/local-process/cluster-lock.ts';
import { brokersOf } from '../../../cluster/addresses.ts';
import { applyJobs } from '../../../cluster/jobs/apply-jobs.ts';
import { tablesOf } from '../../../cluster/jobs/job-tables.ts';
import {
  checkPartitions,
  checkSlots,
  withParallelism,
  type SlotFacts,
} from '../../../cluster/jobs/job-wish.ts';
import type { JobManager } from '../../../cluster/jobs/ports.ts';
import { runningVersions } from '../../../cluster/jobs/running-jobs.ts';
import type { PresentTopic } from '../../../cluster/kafka/ports.ts';
import type { RenderedJob } from '../../../cluster/render/rendered-job.ts';
import { wholeNumber, type CommandDefinition } from '../../command.ts';
import { addClusterDirectory } from '../local-cluster.ts';
import { writeJobWish } from '../state/job-wish-file.ts';
import { appliedTable } from './applied-table.ts';
import { checkWish, openWishedCluster, wishOf, type WishedCluster } from './wished-cluster.ts';

const PARALLELISM_MAX = 128;

export const rescaleCommand: CommandDefinition = {
  usage: 'rescale',
  about: 'Run the jobs with more instances, or fewer: each stops with a savepoint and goes on from it',
  more: 'Slots of Flink and partitions of the topics are looked at before a job is stopped. "adtally cluster apply" keeps the number.',
  configure: (command) =>
    addClusterDirectory(command).requiredOption(
      '--parallelism <count>',
      'instances of each job',
      wholeNumber(1, PARALLELISM_MAX),
    ),
  run: async (command, terminal) => {
    const cluster = openWishedCluster(command);
    const { parallelism } = command.opts<{ parallelism: number }>();
    const { directory, services } = cluster;
    const jobs = await withClusterLock(directory, async () => {
      const wish = withParallelism({ ...wishOf(cluster), areStopped: false }, parallelism);
      checkPartitions(parallelism, await sourceTopics(cluster, wish.jobs));
      checkSlots(wish.jobs, await slotFacts(services.jobManager, wish.jobs));
      await checkWish(cluster, wish);
      writeJobWish(directory, wish);
      return applyJobs(wish.jobs, services);
    });
    terminal.result({ parallelism, jobs }, appliedTable(jobs));
    return 0;
  },
};

async function sourceTopics(
  { addresses }: WishedCluster,
  jobs: readonly RenderedJob[],
): Promise<PresentTopic[]> {
  const topics: PresentTopic[] = [];
  for (const [region, own] of Map.groupBy(jobs, (job) => job.region)) {
    const admin = await openKafkaAdmin({
      brokers: brokersOf(addresses.regions[region].kafka),
      clientId: 'adtally-cluster',
    });
    try {
      topics.push(...(await admin.topics(own.flatMap((job) => tablesOf(job).sources))));
    } finally {
      await admin.close();
    }
  }
  return topics;
}

async function slotFacts(jobManager: JobManager, jobs: readonly RenderedJob[]): Promise<SlotFacts> {
  const { slots, freeSlots } = await jobManager.overview();
  let own = 0;
  for (const { name } of jobs) {
    for (const { id } of await runningVersions(jobManager, name)) own += await jobManager.parallelism(id);
  }
  return { total: slots, free: freeSlots, own };
}
