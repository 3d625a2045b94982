import { applyJobs } from '../../../cluster/jobs/apply-jobs.ts';
import { applyPinot } from '../../../cluster/pinot/pinot-apply.ts';
import { checkTransactionTimeout } from '../../../cluster/render/topic-tables.ts';
import { applyTopics } from '../../../cluster/topics/apply-topics.ts';
import { applyHive } from '../../../cluster/warehouse/hive-apply.ts';
import type { CommandDefinition } from '../../command.ts';
import type { Terminal } from '../../terminal.ts';
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
    const changes: ClusterChange[] = [];
    // The jobs of a region read what the other one's write: all topics come first.
    for (const region of target.regions) changes.push(...(await applyStores(target, region, terminal)));
    changes.push(...(await applyWarehouse(target, terminal)));
    for (const { region, jobs } of target.regions) {
      terminal.remark(`Jobs of ${region} ...`);
      changes.push(...jobChanges(region, await applyJobs(jobs, target.services, { isReplay })));
    }
    terminal.result({ changes }, changesTable(changes));
    return 0;
  },
};

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
  const topics = await withKafka(one, async (admin) => {
    checkTransactionTimeout(await admin.transactionMsMax());
    return applyTopics(admin, await wantedTopics(target, region, admin));
  });
  for (const warning of topics.warnings) terminal.remark(warning);
  if (pinot === null) return topicChanges(region, topics);
  terminal.remark(`Tables of Pinot of ${region} ...`);
  return [...topicChanges(region, topics), ...tableChanges(region, await applyPinot(pinot, tables))];
}
