import type { UnixMs } from '../../base/clock.ts';
import type { PartitionOffsets } from '../kafka/ports.ts';
import type { SourcePosition } from './ports.ts';

/**
 * Where to go on in each partition of a topic: where the ledger is, unless the topic ends before that. Then it is another topic of the
 * same name and is read from its begin, which charges nothing twice. Records that Kafka no longer holds are skipped: a later revision
 * charges all of them.
 */
export function resumePoints(
  positions: readonly SourcePosition[],
  offsets: readonly PartitionOffsets[],
  now: UnixMs,
): SourcePosition[] {
  const kept = new Map(positions.map((position) => [position.partition, position]));
  return offsets.map(({ partition, first, lastStable }) => {
    const position = kept.get(partition);
    if (position === undefined) return { partition, next: first, restartedAt: null };
    if (position.next > lastStable) return { partition, next: first, restartedAt: now };
    return position.next < first ? { ...position, next: first } : position;
  });
}
