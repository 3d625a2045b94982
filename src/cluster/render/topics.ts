import { DAY_MS } from '../../base/units.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { WantedTopic } from '../kafka/ports.ts';
import { mirroredTopics } from '../cluster-plan.ts';
import { topicNamesOf } from '../topic-names.ts';
import { isShared } from './orders/decisions.ts';
import { isEnriched } from './orders/enrichment.ts';

/** How large the Kafka of a region is. */
export interface TopicScale {
  readonly brokers: number;
  /** Of topics that hold a message an event; the others have no more than these. */
  readonly partitions: number;
}

/** Three replicas survive the loss of a broker; two of them must have a message before it is acknowledged. */
const REPLICAS = 3;
/** How long records go on towards what loads them. */
const LOAD_RETENTION_MS = 3 * DAY_MS;
/** A compacted topic keeps what was overwritten for so long at most. */
const COMPACTION_LAG_MS = DAY_MS;

/** Every topic of the Kafka of `region`: its own, and those that come mirrored from the other regions. */
export function topicsOf(
  region: string,
  spec: Pick<PipelineSpec, 'regions' | 'retention' | 'enrichment' | 'attribution'>,
  { brokers, partitions }: TopicScale,
): WantedTopic[] {
  const { regions, retention } = spec;
  const replicas = Math.min(REPLICAS, brokers);
  const common = { 'min.insync.replicas': String(Math.max(1, replicas - 1)) };
  const topic = (name: string, config: Record<string, string>): WantedTopic => ({
    name,
    partitions,
    replicas,
    config: { ...common, ...config },
  });
  const deleted = (name: string, retentionMs: number): WantedTopic =>
    topic(name, { 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) });
  const compacted = (name: string): WantedTopic =>
    topic(name, { 'cleanup.policy': 'compact', 'max.compaction.lag.ms': String(COMPACTION_LAG_MS) });
  const own = topicNamesOf(region);
  const here = [
    deleted(own.events, retention.log),
    deleted(own.orders, retention.log),
    deleted(own.clean, retention.log),
    deleted(own.quarantine, retention.log),
    compacted(own.verdicts),
    compacted(own.adMinutes),
    compacted(own.attributedOrders),
    ...(isShared(spec) ? [deleted(own.decisions, LOAD_RETENTION_MS)] : []),
    ...(isEnriched(spec) ? [deleted(own.enrichments, retention.log)] : []),
    deleted(own.loadAdMinutes, LOAD_RETENTION_MS),
    deleted(own.loadAttributedOrders, LOAD_RETENTION_MS),
  ];
  const mirrored = regions
    .filter((other) => other !== region)
    .flatMap((other) => {
      const names = topicNamesOf(other);
      const isLatest = (name: string): boolean => [names.adMinutes, names.attributedOrders].includes(name);
      return mirroredTopics(other).map((name) =>
        isLatest(name) ? compacted(name) : deleted(name, retention.log),
      );
    });
  return [...here, ...mirrored];
}
