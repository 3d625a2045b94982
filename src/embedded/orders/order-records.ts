import type { AttributedOrder, AttributionModel } from '../../model/attributed-order.ts';
import { attributedOrderRecordId } from '../../model/record-id.ts';
import type { Credit, Decision } from '../../pipeline/attribution.ts';
import type { OrderRecord, OrderState } from './order-state.ts';

/** What an order's record says of its touch. */
type Share = Pick<
  AttributedOrder,
  | 'outcome'
  | 'reason'
  | 'creditMicros'
  | 'adId'
  | 'campaignId'
  | 'advertiserId'
  | 'touchEventId'
  | 'touchType'
  | 'touchTime'
  | 'touchRegion'
>;

/**
 * The records of `state`, whose order and enrichment are up to date and whose records are those of before, by the decisions
 * for each model. A record that no decision mentions any more stays, with a credit of 0. Those that say something new have
 * a higher revision and a change number of `nextChange`.
 */
export function decidedRecords(
  state: OrderState,
  region: string,
  decisions: ReadonlyMap<AttributionModel, Decision>,
  nextChange: () => number,
): OrderRecord[] {
  const before = new Map(state.records.map((record) => [placeOf(record.content), record]));
  const wanted = new Map<string, AttributedOrder>();
  for (const { content } of state.records) {
    const share = { ...content, creditMicros: 0 };
    wanted.set(placeOf(content), recordOf(state, region, content.model, content.rank, share));
  }
  for (const [model, decision] of decisions) {
    for (const { rank, share } of sharesOf(decision)) {
      const content = recordOf(state, region, model, rank, share);
      wanted.set(placeOf(content), content);
    }
  }
  return [...wanted].map(([place, content]) => revised(before.get(place), content, nextChange));
}

/** The records of an order that is the other region's: those that there were, without credit. */
export function yieldedRecords(state: OrderState, region: string, nextChange: () => number): OrderRecord[] {
  return state.records.map((old) => {
    const { model, rank } = old.content;
    const share: Share = { ...NO_TOUCH, outcome: 'yielded' };
    // Nobody asks the order service for it any more.
    return revised(old, recordOf({ ...state, enrichment: null }, region, model, rank, share), nextChange);
  });
}

/** The record with this content; `old` itself when that says the same. */
function revised(
  old: OrderRecord | undefined,
  content: AttributedOrder,
  nextChange: () => number,
): OrderRecord {
  const revision = old?.content.revision ?? 0;
  if (old !== undefined && sameContent(old.content, { ...content, revision })) return old;
  return { change: nextChange(), content: { ...content, revision: revision + 1 } };
}

function placeOf({ model, rank }: Pick<AttributedOrder, 'model' | 'rank'>): string {
  return `${model}/${rank}`;
}

function sharesOf({ outcome, reason, credits }: Decision): { rank: number; share: Share }[] {
  if (outcome === 'attributed')
    return credits.map((credit) => ({ rank: credit.rank, share: shareOf(credit) }));
  return [{ rank: 0, share: { ...NO_TOUCH, reason } }];
}

const NO_TOUCH: Share = {
  outcome: 'unattributed',
  reason: null,
  creditMicros: 0,
  adId: null,
  campaignId: null,
  advertiserId: null,
  touchEventId: null,
  touchType: null,
  touchTime: null,
  touchRegion: null,
};

function shareOf({ touch, creditMicros }: Credit): Share {
  return {
    outcome: 'attributed',
    reason: null,
    creditMicros,
    adId: touch.adId,
    campaignId: touch.campaignId,
    advertiserId: touch.advertiserId,
    touchEventId: touch.eventId,
    touchType: touch.eventType,
    touchTime: touch.eventTime,
    touchRegion: touch.region,
  };
}

/** In the order of AttributedOrder's fields: two records are compared as texts. */
function recordOf(
  { order, enrichment }: OrderState,
  region: string,
  model: AttributionModel,
  rank: number,
  share: Share,
): AttributedOrder {
  return {
    recordId: attributedOrderRecordId(region, order.orderId, model, rank),
    revision: 0,
    region,
    orderId: order.orderId,
    orderVersion: order.orderVersion,
    orderStatus: order.orderStatus,
    orderTime: order.orderTime,
    userId: order.userId,
    merchantId: order.merchantId,
    amountMicros: order.amountMicros,
    currency: order.currency,
    model,
    rank,
    outcome: share.outcome,
    reason: share.reason,
    creditMicros: share.creditMicros,
    adId: share.adId,
    campaignId: share.campaignId,
    advertiserId: share.advertiserId,
    touchEventId: share.touchEventId,
    touchType: share.touchType,
    touchTime: share.touchTime,
    touchRegion: share.touchRegion,
    enrichment: enrichment?.details ?? null,
    enrichmentStatus: enrichment?.status ?? null,
  };
}

function sameContent(a: AttributedOrder, b: AttributedOrder): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
