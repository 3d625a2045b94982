import type { ClusterLayout, Runtime } from '../cluster-layout.ts';
import { flinkPlans } from './flink.ts';
import { hivePlan } from './hive.ts';
import { kafkaPlan } from './kafka.ts';
import { mirrorMakerPlan } from './mirror-maker.ts';
import { pinotPlan } from './pinot.ts';
import { postgresPlan } from './postgres.ts';
import type { ProcessPlan } from '../process-plan.ts';
import { zooKeeperPlan } from './zookeeper.ts';

/** Enough to ask and to stop processes, not to start them. */
const NO_RUNTIME: Runtime = { java: 'java', jars: {}, postgres: { programs: '', user: null } };

/** All processes of a local cluster, those that others wait for first. */
export function processTable(layout: ClusterLayout, runtime = NO_RUNTIME): ProcessPlan[] {
  const { regions, without } = layout;
  return [
    zooKeeperPlan(layout, runtime),
    ...regions.map((region) => kafkaPlan(layout, runtime, region)),
    ...(regions.length > 1 ? [mirrorMakerPlan(layout, runtime)] : []),
    ...flinkPlans(layout, runtime),
    ...(without.includes('pinot') ? [] : regions.map((region) => pinotPlan(layout, runtime, region))),
    ...(without.includes('hive') ? [] : [hivePlan(layout, runtime)]),
    ...(without.includes('postgres') ? [] : [postgresPlan(layout, runtime)]),
  ];
}
