import { HOUR_MS } from '../base/units.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';

/** The names of a region's topics. Mirrored topics keep theirs, so a name says whose data it holds, wherever it is read. */
export interface TopicNames {
  /** What the gateway received: one message per event or order, valid or not. */
  readonly events: string;
  readonly orders: string;
  /** Counted events, and those withdrawn again. */
  readonly clean: string;
  readonly quarantine: string;
  readonly verdicts: string;
  readonly adMinutes: string;
  readonly attributedOrders: string;
  /** Records of all regions, for the stores of this one. */
  readonly loadAdMinutes: string;
  readonly loadAttributedOrders: string;
}

export function topicNames(region: string): TopicNames {
  return {
    events: `${region}.events`,
    orders: `${region}.orders`,
    clean: `${region}.clean`,
    quarantine: `${region}.quarantine`,
    verdicts: `${region}.verdicts`,
    adMinutes: `${region}.ad-minutes`,
    attributedOrders: `${region}.attributed-orders`,
    loadAdMinutes: `${region}.load.ad-minutes`,
    loadAttributedOrders: `${region}.load.attributed-orders`,
  };
}

/** A topic as it is to be in one region's Kafka. */
export interface PlannedTopic {
  readonly name: string;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact';
  /** How long messages are kept, ms; null where compaction keeps the latest of each key. */
  readonly retentionMs: number | null;
}

/** Partitions of a topic unless somebody says otherwise: as many instances of a job may read it. */
const TOPIC_PARTITIONS = 2;

/** What MirrorMaker brings from a region to its peer. */
export function mirroredTopics(region: string): readonly string[] {
  const names = topicNames(region);
  return [names.orders, names.clean, names.adMinutes, names.attributedOrders];
}

/** The topics in the Kafka of `region`: its own, and those mirrored from its peer. */
export function planTopics(
  spec: PipelineSpec,
  region: string,
  partitions: number = TOPIC_PARTITIONS,
): readonly PlannedTopic[] {
  const names = topicNames(region);
  const mirrored = spec.regions.filter((name) => name !== region).flatMap(mirroredTopics);
  return [...Object.values(names), ...mirrored].map((name: string) => {
    const isCompacted = COMPACTED.test(name);
    const cleanup = isCompacted ? 'compact' : 'delete';
    return { name, partitions, cleanup, retentionMs: isCompacted ? null : spec.retention.log };
  });
}

/** Topics in which the latest message of a key is all that counts. */
const COMPACTED = /^[^.]+\.(verdicts|ad-minutes|attributed-orders)$/;

/** The region's peer, when there is one. */
export function peerOf(spec: PipelineSpec, region: string): string | undefined {
  return spec.regions.find((name) => name !== region);
}

/**
 * How long the state of a job is kept after its last change, ms: for `neededMs`, and for as long as the job or the mirror may stand
 * still and still find all of its input. State ages by the wall clock, so it would be gone when the input is caught up with.
 */
export function stateTtlMs(spec: PipelineSpec, neededMs: number): number {
  return neededMs + spec.retention.log + HOUR_MS;
}
