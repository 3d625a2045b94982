import type {
  AttributionModel,
  EnrichmentStatus,
  UnattributedReason,
} from '../../../model/attributed-order.ts';
import type { OrderStatus } from '../../../model/order.ts';

export const MODEL_WORDS: Readonly<Record<AttributionModel, string>> = {
  last_touch: 'last touch',
  first_touch: 'first touch',
  linear: 'linear',
  time_decay: 'time decay',
};

/** Why no touch has credit, after "not attributed: ". */
export const REASON_WORDS: Readonly<Record<UnattributedReason, string>> = {
  no_touch: 'no touch of this user',
  outside_window: 'touched too long before',
  other_merchant: 'touched for another merchant',
  after_order: 'touched only after it',
};

export const ENRICHMENT_WORDS: Readonly<Record<EnrichmentStatus, string>> = {
  ok: 'enriched',
  pending: 'pending',
  unavailable: 'unavailable',
};

/** "placed", "refunded, version 3" */
export function statusText(status: OrderStatus, version: number): string {
  return version === 1 ? status : `${status}, version ${version}`;
}
