import type { UnixMs } from '../base/clock.ts';
import { DAY_MS } from '../base/units.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import type { AttributedOrder } from '../model/attributed-order.ts';
import type { RecordKind, RecordKinds } from '../union-load/ports.ts';

/** `string` is UTF-8 text, `bigint` a whole number of 64 bits: the two types that every reader of Parquet takes the same way. */
export type ColumnType = 'string' | 'bigint';

/** A column of the Parquet files. */
export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  readonly about: string;
  /** What stands in it for a record; a `bigint` column takes safe whole numbers. */
  readonly value: (record: Row) => string | number | null;
}

/** A table of the warehouse: one folder `dt=YYYY-MM-DD` a UTC day, append-only files in it. */
export interface WarehouseTable<Kind extends RecordKind = RecordKind> {
  readonly kind: Kind;
  /** Name of the folder and of the view. */
  readonly name: string;
  readonly columns: readonly Column<RecordKinds[Kind]>[];
  /** The time that decides the day. */
  readonly time: (record: RecordKinds[Kind]) => UnixMs;
  /** Columns that rows of a file are sorted by, so that readers skip what they do not need. */
  readonly sortedBy: readonly string[];
  /** Times in ms for which the view adds a column that reads as a time. */
  readonly timestamps: readonly { readonly name: string; readonly from: string }[];
  /**
   * Whether a record stays in its day for ever: then its versions can be compared day by day, and a query of few days reads
   * only these.
   */
  readonly staysInDay: boolean;
}

const text = <Row>(name: string, about: string, value: (record: Row) => string | null): Column<Row> => ({
  name,
  type: 'string',
  about,
  value,
});
const whole = <Row>(name: string, about: string, value: (record: Row) => number | null): Column<Row> => ({
  name,
  type: 'bigint',
  about,
  value,
});

export const AD_MINUTES: WarehouseTable<'ad-minutes'> = {
  kind: 'ad-minutes',
  name: 'ad_minutes',
  time: ({ minute }) => minute,
  sortedBy: ['minute_ms', 'ad_id'],
  timestamps: [{ name: 'start_time', from: 'minute_ms' }],
  staysInDay: true,
  columns: [
    text<AdMinute>('record_id', 'Id of the record: a UUID, the same after every replay.', (r) => r.recordId),
    whole<AdMinute>('revision', 'Of two rows of one record the higher revision is right.', (r) => r.revision),
    text<AdMinute>('region', 'Region that counted.', (r) => r.region),
    text<AdMinute>('ad_id', 'Ad.', (r) => r.adId),
    text<AdMinute>('campaign_id', 'Campaign of the ad.', (r) => r.campaignId),
    text<AdMinute>('advertiser_id', 'Advertiser of the ad.', (r) => r.advertiserId),
    whole<AdMinute>('minute_ms', 'Start of the minute, Unix ms.', (r) => r.minute),
    text<AdMinute>('currency', 'ISO 4217 code.', (r) => r.currency),
    whole<AdMinute>('impressions', 'Impressions in the minute.', (r) => r.impressions),
    whole<AdMinute>('clicks', 'Clicks in the minute.', (r) => r.clicks),
    whole<AdMinute>('cost_micros', 'Cost in the minute, micros of the currency.', (r) => r.costMicros),
  ],
};

const ATTRIBUTED_ORDERS: WarehouseTable<'attributed-orders'> = {
  kind: 'attributed-orders',
  name: 'attributed_orders',
  time: ({ orderTime }) => orderTime,
  sortedBy: ['order_time_ms', 'order_id'],
  timestamps: [
    { name: 'order_time', from: 'order_time_ms' },
    { name: 'touch_time', from: 'touch_time_ms' },
  ],
  // A later version of an order may have another time, and so stand in another day.
  staysInDay: false,
  columns: [
    text('record_id', 'Id of the record: a UUID, the same after every replay.', (r) => r.recordId),
    whole('revision', 'Of two rows of one record the higher revision is right.', (r) => r.revision),
    text('region', 'Region that the order belongs to.', (r) => r.region),
    text('order_id', 'Order.', (r) => r.orderId),
    whole('order_version', 'Version of the order.', (r) => r.orderVersion),
    text('order_status', 'placed, cancelled or refunded.', (r) => r.orderStatus),
    whole('order_time_ms', 'When the order was placed, Unix ms.', (r) => r.orderTime),
    text('user_id', 'Who ordered.', (r) => r.userId),
    text('merchant_id', 'Merchant of the order.', (r) => r.merchantId),
    whole('amount_micros', 'Net amount after refunds, micros of the currency.', (r) => r.amountMicros),
    text('currency', 'ISO 4217 code.', (r) => r.currency),
    text('model', 'How the credit is shared: last_touch, first_touch, linear, time_decay.', (r) => r.model),
    whole('rank', 'Place of the touch among those with credit, from 0.', (r) => r.rank),
    text('outcome', 'Whether a touch gets credit for the order.', (r) => r.outcome),
    text('reason', 'Why no touch gets credit; null when attributed.', (r) => r.reason),
    whole('credit_micros', 'What the touch gets of the amount, micros.', (r) => r.creditMicros),
    text('ad_id', 'Ad of the touch; null when unattributed, as all that follow.', (r) => r.adId),
    text('campaign_id', 'Campaign of the touch.', (r) => r.campaignId),
    text('advertiser_id', 'Advertiser of the touch.', (r) => r.advertiserId),
    text('touch_event_id', 'Event that is the touch.', (r) => r.touchEventId),
    text('touch_type', 'click or impression.', (r) => r.touchType),
    whole('touch_time_ms', 'When the touch was, Unix ms.', (r) => r.touchTime),
    text('touch_region', 'Region that counted the touch.', (r) => r.touchRegion),
    text('enrichment', 'What the order service says of the order: JSON, or null.', enrichmentText),
    text(
      'enrichment_status',
      'ok, pending, unavailable; null without an order service.',
      (r) => r.enrichmentStatus,
    ),
  ],
};

export const TABLES = [AD_MINUTES, ATTRIBUTED_ORDERS] as const;

/** The table of a kind of record. */
export function tableOf<Kind extends RecordKind>(kind: Kind): WarehouseTable<Kind> {
  return TABLES.find((table) => table.kind === kind) as unknown as WarehouseTable<Kind>;
}

/** The UTC day of a time, "2026-01-31". */
export function dayOf(time: UnixMs): string {
  return new Date(Math.floor(time / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
}

function enrichmentText({ enrichment }: AttributedOrder): string | null {
  return enrichment === null ? null : JSON.stringify(enrichment);
}
