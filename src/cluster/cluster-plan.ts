import { HOUR_MS } from '../base/units.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { topicNamesOf } from './topic-names.ts';

/** What MirrorMaker brings from a region to its peer. */
export function mirroredTopics(region: string): readonly string[] {
  const names = topicNamesOf(region);
  return [names.orders, names.clean, names.adMinutes, names.attributedOrders];
}

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
