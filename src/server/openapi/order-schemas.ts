import { z } from 'zod';
import {
  ATTRIBUTION_MODELS,
  type AttributedOrder,
  UNATTRIBUTED_REASONS,
} from '../../model/attributed-order.ts';
import { ORDER_STATUSES } from '../../model/order.ts';
import { ORDER_VERDICTS } from '../../model/order-verdict.ts';
import { PERFORMANCE_GROUPS } from '../../reporting/performance.ts';
import { attributedOrderRecordId } from '../../model/record-id.ts';
import {
  SCHEMAS,
  count,
  currency,
  exactMicros,
  id,
  micros,
  orderVerdictCounts,
  pageEnd,
  rfc3339,
  unixMs,
} from './schemas.ts';

const eventType = z.enum(['impression', 'click']);

const order = z
  .looseObject({
    orderId: id.describe('Unique per order; its versions repeat it.'),
    orderVersion: z
      .int()
      .min(1)
      .nullish()
      .describe('A later version replaces the earlier ones; 1 by default.'),
    orderStatus: z.enum(ORDER_STATUSES).nullish().describe('placed by default.'),
    orderTime: z.union([rfc3339, unixMs]).describe('RFC 3339 with an offset, or Unix milliseconds.'),
    userId: id,
    merchantId: id,
    amountMicros: micros.describe('Net amount, after refunds; integer micros of the currency.'),
    currency: currency.nullish(),
  })
  .register(SCHEMAS, { id: 'Order' });

export const orderBatch = z.union([z.array(order), order]).register(SCHEMAS, { id: 'OrderBatch' });
export const orderLines = z.string().describe('One Order as JSON per line.');

export const orderReceipt = z
  .strictObject({
    received: count,
    verdicts: orderVerdictCounts,
    problems: z.array(
      z.strictObject({
        index: count.describe('Position of the order in its request, from 0.'),
        orderId: z.string().nullable(),
        verdict: z.enum(ORDER_VERDICTS).exclude(['accepted']),
        code: z.string(),
        message: z.string(),
      }),
    ),
  })
  .register(SCHEMAS, { id: 'OrderReceipt' });

export const attributedOrder = z
  .strictObject({
    recordId: z.guid().describe('The same after every replay: write it with upsert.'),
    revision: count.describe('Of two versions of a record the higher revision wins.'),
    region: z.string(),
    orderId: id,
    orderVersion: z.int().min(1),
    orderStatus: z.enum(ORDER_STATUSES),
    orderTime: unixMs,
    userId: id,
    merchantId: id,
    amountMicros: micros,
    currency,
    model: z.enum(ATTRIBUTION_MODELS),
    rank: count.describe('Place of the touch among those with credit, from 0.'),
    outcome: z.enum(['attributed', 'unattributed', 'yielded']),
    reason: z.enum(UNATTRIBUTED_REASONS).nullable().describe('Why no touch has credit.'),
    creditMicros: micros.describe('The credits of an order and model sum to its amount.'),
    adId: id.nullable(),
    campaignId: id.nullable(),
    advertiserId: id.nullable(),
    touchEventId: id.nullable(),
    touchType: eventType.nullable(),
    touchTime: unixMs.nullable(),
    touchRegion: z.string().nullable(),
    enrichment: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('What the order service says of the order.'),
    enrichmentStatus: z.enum(['ok', 'pending', 'unavailable']).nullable(),
  })
  .register(SCHEMAS, { id: 'AttributedOrder' });

export const ATTRIBUTED_ORDER: AttributedOrder = {
  recordId: attributedOrderRecordId('a', 'o-1', 'last_touch', 0),
  revision: 1,
  region: 'a',
  orderId: 'o-1',
  orderVersion: 1,
  orderStatus: 'placed',
  orderTime: 1_769_860_900_000,
  userId: 'u-7',
  merchantId: 'pizzeria-3',
  amountMicros: 23_500_000,
  currency: 'EUR',
  model: 'last_touch',
  rank: 0,
  outcome: 'attributed',
  reason: null,
  creditMicros: 23_500_000,
  adId: 'ad-42',
  campaignId: 'spring',
  advertiserId: 'acme',
  touchEventId: '0192f0c1-5a6b-7c3d-8e9f-a0b1c2d3e4f5',
  touchType: 'click',
  touchTime: 1_769_860_800_250,
  touchRegion: 'a',
  enrichment: null,
  enrichmentStatus: null,
};

export const orderChangePage = z
  .strictObject({
    records: z
      .array(attributedOrder)
      .describe('The latest revision of each record changed, oldest change first.'),
    cursor: z.string().describe('Send it as "after" to go on; valid across restarts.'),
    ...pageEnd,
  })
  .register(SCHEMAS, { id: 'AttributedOrderChanges' });

export const orderList = z
  .strictObject({ records: z.array(attributedOrder) })
  .register(SCHEMAS, { id: 'AttributedOrderList' });

const touch = z
  .strictObject({
    eventId: id,
    eventType,
    eventTime: unixMs,
    adId: id,
    campaignId: id,
    advertiserId: id,
    merchantId: id.nullable(),
    region: z.string(),
  })
  .register(SCHEMAS, { id: 'Touch' });

export const orderExplanation = z
  .strictObject({
    order: z.looseObject({ orderId: id }),
    firstArrival: unixMs,
    records: z.array(attributedOrder),
    touches: z.array(
      z.strictObject({
        touch,
        eligible: z.boolean(),
        reason: z.string().nullable().describe('Why it has no credit.'),
        credits: z.array(
          z.strictObject({ model: z.enum(ATTRIBUTION_MODELS), rank: count, creditMicros: micros }),
        ),
        message: z.string(),
      }),
    ),
  })
  .register(SCHEMAS, { id: 'OrderExplanation' });

const ratio = z.number().min(0).nullable();

export const performanceReport = z
  .strictObject({
    groupBy: z.enum(PERFORMANCE_GROUPS),
    model: z.enum(ATTRIBUTION_MODELS),
    rows: z.array(
      z.strictObject({
        id: id.describe('Of the ad, campaign or advertiser.'),
        currency,
        impressions: count,
        clicks: count,
        costMicros: exactMicros,
        orders: count.describe('Orders of which it has any credit.'),
        revenueMicros: exactMicros,
        cvr: ratio.describe('Orders per click; null without clicks.'),
        roas: ratio.describe('Revenue per cost; null without cost.'),
      }),
    ),
    found: count.describe('How many rows there are, beyond the limit too.'),
    asOf: rfc3339
      .nullable()
      .describe('Arrival up to which events and orders are in the figures; null without any.'),
  })
  .register(SCHEMAS, { id: 'PerformanceReport' });
