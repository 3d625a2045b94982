import type { UnixMs } from '../base/clock.ts';
import type { EventType } from './ad-event.ts';
import type { Order } from './order.ts';

/** How the credit for an order is shared among the touches that led to it. */
export const ATTRIBUTION_MODELS = ['last_touch', 'first_touch', 'linear', 'time_decay'] as const;
export type AttributionModel = (typeof ATTRIBUTION_MODELS)[number];

/** Why no touch gets credit for an order. */
export const UNATTRIBUTED_REASONS = ['no_touch', 'outside_window', 'other_merchant', 'after_order'] as const;
export type UnattributedReason = (typeof UNATTRIBUTED_REASONS)[number];

export type EnrichmentStatus = 'ok' | 'pending' | 'unavailable';

/** What one touch, or none, gets of an order under one model. One record per order, model and rank. */
export interface AttributedOrder extends Order {
  /** UUIDv8 over region, order, model and rank: the same after every replay. */
  readonly recordId: string;
  /** How many contents the record has had; of two versions the higher revision wins. */
  readonly revision: number;
  readonly region: string;
  readonly model: AttributionModel;
  /** Place of the touch among those with credit, from 0. */
  readonly rank: number;
  /** `yielded`: both regions took the order in, and it belongs to the other one. */
  readonly outcome: 'attributed' | 'unattributed' | 'yielded';
  /** Null unless unattributed. */
  readonly reason: UnattributedReason | null;
  /** The credits of an order and model sum to its amount; 0 for a touch that has lost its credit. */
  readonly creditMicros: number;
  /** The touch; null when unattributed. */
  readonly adId: string | null;
  readonly campaignId: string | null;
  readonly advertiserId: string | null;
  readonly touchEventId: string | null;
  readonly touchType: EventType | null;
  readonly touchTime: UnixMs | null;
  readonly touchRegion: string | null;
  /** What the order service says of the order; null until it has answered. */
  readonly enrichment: Readonly<Record<string, unknown>> | null;
  /** Null when no order service is configured. */
  readonly enrichmentStatus: EnrichmentStatus | null;
}
