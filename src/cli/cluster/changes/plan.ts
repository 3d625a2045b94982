import { jobStatus } from '../../../cluster/jobs/job-status.ts';
import { pinotSteps } from '../../../cluster/pinot/pinot-apply.ts';
import { planTopics } from '../../../cluster/topics/topic-plan.ts';
import { hiveSteps } from '../../../cluster/warehouse/hive-apply.ts';
import type { CommandDefinition } from '../../command.ts';
import {
  changesTable,
  jobPlan,
  tableChanges,
  topicChanges,
  wantedTopics,
  withHive,
  withKafka,
  type ClusterChange,
} from './cluster-change.ts';
import { addTargetOptions, readTarget, type ClusterTarget, type RegionTarget } from './cluster-target.ts';
import { touchPlan } from './touch-change.ts';

export const planCommand: CommandDefinition = {
  usage: 'plan',
  about: 'Show what "adtally cluster apply" would create or change; changes nothing',
  configure: addTargetOptions,
  run: async (command, terminal) => {
    const target = await readTarget(command);
    const changes: ClusterChange[] = [];
    for (const region of target.regions) changes.push(...(await planRegion(target, region)));
    changes.push(...(await withHive(target.hive, hiveSteps)));
    changes.push(...(await touchPlan(target)));
    terminal.result({ changes }, changesTable(changes));
    return 0;
  },
};

async function planRegion(target: ClusterTarget, one: RegionTarget): Promise<ClusterChange[]> {
  const { region, pinot, tables, jobs } = one;
  const topics = await withKafka(one, async (admin) => {
    const wanted = await wantedTopics(target, region, admin);
    return planTopics(wanted, await admin.topics(wanted.map(({ name }) => name)));
  });
  const steps = pinot === null ? [] : await pinotSteps(pinot.controller, tables);
  const running = await jobStatus(jobs, target.services.jobManager);
  return [...topicChanges(region, topics), ...tableChanges(region, steps), ...jobPlan(region, running)];
}
