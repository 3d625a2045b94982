import type { UnixMs } from '../../base/clock.ts';
import { DAY_MS } from '../../base/units.ts';
import { attributionRulesOf, longestWindowMs } from '../../pipeline/attribution.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { addPartition, createTouchTable, dayOfPartition, dropPartition, partitionOf } from './touch-table.ts';

/** One change of the table of touches; its statements are one transaction. */
export interface TouchStep {
  readonly action: 'create' | 'add day' | 'drop day';
  readonly name: string;
  readonly statements: readonly string[];
}

/** The table of touches as it is. Rejects with AdtallyError cluster_unreachable when the database does not answer. */
export interface TouchTable {
  /** Names of its partitions; undefined when there is no table. */
  partitions(): Promise<readonly string[] | undefined>;
  /** Does what a step says, all or nothing. */
  run(step: TouchStep): Promise<void>;
}

/** How long after its time a touch is kept, ms: it may lead to an order that comes late. */
export function touchesKeptMs(spec: PipelineSpec): number {
  return longestWindowMs(attributionRulesOf(spec)) + spec.attribution.maxOrderAge;
}

/** What brings the table to what it is to be at `now`: a partition for every day of which touches are kept, up to tomorrow, and none of older ones. */
export function planTouches(
  partitions: readonly string[] | undefined,
  keptMs: number,
  now: UnixMs,
): TouchStep[] {
  const create: TouchStep[] =
    partitions === undefined ? [{ action: 'create', name: 'touches', statements: createTouchTable() }] : [];
  const present = new Set((partitions ?? []).map(dayOfPartition).filter((day) => day !== undefined));
  const first = startOfDay(now - keptMs);
  const last = startOfDay(now) + DAY_MS;
  const wanted = Array.from({ length: (last - first) / DAY_MS + 1 }, (_, index) => first + index * DAY_MS);
  const old = [...present].filter((day) => day < first).toSorted((a, b) => a - b);
  return [
    ...create,
    ...wanted
      .filter((day) => !present.has(day))
      .map((day): TouchStep => ({
        action: 'add day',
        name: partitionOf(day),
        statements: addPartition(day),
      })),
    ...old.map((day): TouchStep => ({
      action: 'drop day',
      name: partitionOf(day),
      statements: dropPartition(day),
    })),
  ];
}

/** Does what there is to do; a second time that is nothing. */
export async function applyTouches(table: TouchTable, keptMs: number, now: UnixMs): Promise<TouchStep[]> {
  const steps = planTouches(await table.partitions(), keptMs, now);
  for (const step of steps) await table.run(step);
  return steps;
}

function startOfDay(time: UnixMs): UnixMs {
  return Math.floor(time / DAY_MS) * DAY_MS;
}
