import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { PostgresDatabase } from '../../../adapters/postgres/postgres-database.ts';
import { PostgresTouchTable } from '../../../adapters/postgres/touches/touch-table.ts';
import {
  applyTouches,
  planTouches,
  touchesKeptMs,
  type TouchStep,
} from '../../../cluster/touches/touch-plan.ts';
import type { ClusterChange } from './cluster-change.ts';
import type { ClusterTarget } from './cluster-target.ts';

/** What applying would do with the table of touches; nothing where there is no PostgreSQL. */
export function touchPlan(target: ClusterTarget): Promise<ClusterChange[]> {
  return withTouchTable(target, async (table) =>
    planTouches(await table.partitions(), touchesKeptMs(target.spec), nodeClock.now()),
  );
}

/** Does it. */
export function touchApply(target: ClusterTarget): Promise<ClusterChange[]> {
  return withTouchTable(target, (table) => applyTouches(table, touchesKeptMs(target.spec), nodeClock.now()));
}

async function withTouchTable(
  { postgres, spec }: ClusterTarget,
  work: (table: PostgresTouchTable) => Promise<TouchStep[]>,
): Promise<ClusterChange[]> {
  if (postgres === undefined) return [];
  const database = new PostgresDatabase({ url: postgres, name: 'adtally-cluster', connections: 1 });
  try {
    const steps = await work(new PostgresTouchTable(database));
    return steps.map(({ action, name }) => ({
      // The first region's job writes it, for all.
      region: spec.regions[0],
      kind: 'table',
      name,
      action,
      detail: 'PostgreSQL',
    }));
  } finally {
    await database.close();
  }
}
