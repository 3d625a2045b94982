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
export async function touchPlan(target: ClusterTarget): Promise<ClusterChange[]> {
  return touchChanges(target, await lackingTouchDays(target.postgres, touchesKeptMs(target.spec)));
}

/** Does it. */
export async function touchApply(target: ClusterTarget): Promise<ClusterChange[]> {
  return touchChanges(target, await keepTouchDays(target.postgres, touchesKeptMs(target.spec)));
}

/** What the table lacks by now, and has too much. */
export function lackingTouchDays(postgres: string | undefined, keptMs: number): Promise<TouchStep[]> {
  return withTouchTable(postgres, async (table) =>
    planTouches(await table.partitions(), keptMs, nodeClock.now()),
  );
}

/** Brings it there; what was done. */
export function keepTouchDays(postgres: string | undefined, keptMs: number): Promise<TouchStep[]> {
  return withTouchTable(postgres, (table) => applyTouches(table, keptMs, nodeClock.now()));
}

async function withTouchTable(
  postgres: string | undefined,
  work: (table: PostgresTouchTable) => Promise<TouchStep[]>,
): Promise<TouchStep[]> {
  if (postgres === undefined) return [];
  const database = new PostgresDatabase({ url: postgres, name: 'adtally-cluster', connections: 1 });
  try {
    return await work(new PostgresTouchTable(database));
  } finally {
    await database.close();
  }
}

function touchChanges({ spec }: ClusterTarget, steps: readonly TouchStep[]): ClusterChange[] {
  return steps.map(({ action, name }) => ({
    // The first region's job writes it, for all.
    region: spec.regions[0],
    kind: 'table',
    name,
    action,
    detail: 'PostgreSQL',
  }));
}
