import type { RecordKind } from '../../union-load/ports.ts';

/** The table of each kind of record. */
export const PINOT_TABLES = {
  'ad-minutes': 'ad_minutes',
  'attributed-orders': 'attributed_orders',
} as const satisfies Readonly<Record<RecordKind, string>>;
