import type { CommitterCounts } from '../../cluster/jobs/ports.ts';

/** A metric over all subtasks of an operator. */
export interface AggregatedMetric {
  /** "clean[10]__Committer.failedCommittables". */
  readonly id: string;
  readonly sum?: number;
}

interface TaskMetric extends AggregatedMetric {
  /** When the tasks of its vertex were started, Unix ms. */
  readonly startedAt: number;
}

const COUNTS = ['failedCommittables', 'pendingCommittables'] as const;
const OPERATOR = /([A-Za-z0-9_]+\[\d+\]): Committer/g;
const METRIC = /^([A-Za-z0-9_]+)\[\d+\]__Committer\.(\w+)$/;

/** The metrics of all committers that are chained in a vertex of that name. */
export function committerMetrics(vertex: string): string[] {
  const operators = [...vertex.matchAll(OPERATOR)].map(([, operator]) => operator);
  return operators.flatMap((operator) => COUNTS.map((count) => `${operator}__Committer.${count}`));
}

/** By sink; two operators that write the same table are one. */
export function countCommitters(metrics: readonly TaskMetric[]): CommitterCounts[] {
  const sinks = new Map<string, { startedAt: number; failed: number; pending: number }>();
  for (const { id, sum = 0, startedAt } of metrics) {
    const [, sink, count] = METRIC.exec(id) ?? [];
    if (sink === undefined) continue;
    const counts = sinks.get(sink) ?? { startedAt, failed: 0, pending: 0 };
    sinks.set(sink, counts);
    counts.startedAt = Math.max(counts.startedAt, startedAt);
    if (count === 'failedCommittables') counts.failed += sum;
    else if (count === 'pendingCommittables') counts.pending += sum;
  }
  return [...sinks].map(([sink, counts]) => ({ sink, ...counts }));
}
