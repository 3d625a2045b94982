import { withClusterLock } from '../../../adapters/local-process/cluster-lock.ts';
import { checkPreflight } from '../../../cluster/checks/preflight.ts';
import { applyJobs } from '../../../cluster/jobs/apply-jobs.ts';
import { applyPinot } from '../../../cluster/pinot/pinot-apply.ts';
import type { RenderedJob } from '../../../cluster/render/rendered-job.ts';
import { touchesKeptMs } from '../../../cluster/touches/touch-plan.ts';
import { applyTopics } from '../../../cluster/topics/apply-topics.ts';
import { applyHive } from '../../../cluster/warehouse/hive-apply.ts';
import { withoutLosses } from '../../../cluster/watch/loss-book.ts';
import type { CommandDefinition } from '../../command.ts';
import type { Terminal } from '../../terminal.ts';
import { gatherFacts, type AskedRegion } from '../jobs/preflight-facts.ts';
import { writeJobWish } from '../state/job-wish-file.ts';
import { LossFile } from '../state/loss-file.ts';
import {
  changesTable,
  jobChanges,
  tableChanges,
  topicChanges,
  wantedTopics,
  withHive,
  withKafka,
  type ClusterChange,
} from './cluster-change.ts';
import { addTargetOptions, readTarget, type ClusterTarget, type RegionTarget } from './cluster-target.ts';
import { touchApply } from './touch-change.ts';

export const applyCommand: CommandDefinition = {
  usage: 'apply',
  about: 'Bring the cluster to what the spec says: topics, tables of Pinot and Hive, jobs of Flink',
  more: 'A second time it does nothing. It deletes nothing; what cannot be changed is refused before anything is.',
  configure: (command) =>
    addTargetOptions(command).option(
      '--replay',
      'start the jobs without state: all that Kafka still holds is judged again',
    ),
  run: async (command, terminal) => {
    const target = await readTarget(command);
    const isReplay = command.opts<{ replay?: boolean }>().replay === true;
    const changes = await withClusterLock(target.directory, () => apply(target, isReplay, terminal));
    terminal.result({ changes }, changesTable(changes));
    return 0;
  },
};

async function apply(target: ClusterTarget, isReplay: boolean, terminal: Terminal): Promise<ClusterChange[]> {
  const { directory, parallelism, regions, services } = target;
  const all = regions.flatMap(({ jobs }) => jobs);
  checkPreflight(all, await gatherFacts(askedRegions(target), services, { isReplay }));
  const changes: ClusterChange[] = [];
  // The jobs of a region read what the other one's write: all topics come first.
  for (const region of regions) changes.push(...(await applyStores(target, region, terminal)));
  changes.push(...(await applyWarehouse(target, terminal)));
  changes.push(...(await touchApply(target)));
  // From now on watch starts these where they are missing, also when this command ends half-way.
  writeJobWish(directory, { parallelism, areStopped: false, jobs: all, ...keptTouches(target) });
  for (const { region, jobs } of regions) {
    terminal.remark(`Jobs of ${region} ...`);
    changes.push(...jobChanges(region, await applyJobs(jobs, services, { isReplay })));
    if (isReplay) forgetLosses(directory, jobs);
  }
  return changes;
}

function keptTouches({ postgres, spec }: ClusterTarget): { readonly touchesKeptMs?: number } {
  return postgres === undefined ? {} : { touchesKeptMs: touchesKeptMs(spec) };
}

function askedRegions(target: ClusterTarget): AskedRegion[] {
  return target.regions.map(({ region, kafka, pinot, jobs }) => ({
    region,
    kafka,
    pinot,
    jobs,
    topics: (admin) => wantedTopics(target, region, admin),
  }));
}

/** What was lost is judged again. */
function forgetLosses(directory: string, jobs: readonly RenderedJob[]): void {
  const book = new LossFile(directory);
  const names = jobs.map(({ name }) => name);
  book.write(withoutLosses(book.read(), names));
}

async function applyWarehouse({ hive }: ClusterTarget, terminal: Terminal): Promise<ClusterChange[]> {
  if (hive !== null) terminal.remark('Tables and views of Hive ...');
  return withHive(hive, applyHive);
}

async function applyStores(
  target: ClusterTarget,
  one: RegionTarget,
  terminal: Terminal,
): Promise<ClusterChange[]> {
  const { region, pinot, tables } = one;
  terminal.remark(`Topics of ${region} ...`);
  const topics = await withKafka(one, async (admin) =>
    applyTopics(admin, await wantedTopics(target, region, admin)),
  );
  for (const warning of topics.warnings) terminal.remark(warning);
  if (pinot === null) return topicChanges(region, topics);
  terminal.remark(`Tables of Pinot of ${region} ...`);
  return [
    ...topicChanges(region, topics),
    ...tableChanges(region, await applyPinot(pinot.controller, tables)),
  ];
}
