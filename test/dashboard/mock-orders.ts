import type { OrderAnswer } from '../../src/dashboard/region-api.ts';
import type {
  AttributedOrder,
  EnrichmentStatus,
  UnattributedReason,
} from '../../src/model/attributed-order.ts';
import type { OrderStatus } from '../../src/model/order.ts';
import type { TouchExplanation } from '../../src/model/touch.ts';

const HOUR_MS = 3_600_000;
/** Fields of a record without a touch. */
const NO_TOUCH = {
  creditMicros: 0,
  adId: null,
  campaignId: null,
  advertiserId: null,
  touchEventId: null,
  touchType: null,
  touchTime: null,
  touchRegion: null,
} as const;

/** A record by last touch that gives an ad all the credit. */
export function mockRecord(over: Partial<AttributedOrder> = {}): AttributedOrder {
  const orderId = over.orderId ?? 'o-1';
  const orderTime = over.orderTime ?? Date.now() - 5000;
  const amountMicros = over.amountMicros ?? 23_500_000;
  return {
    recordId: `${orderId}/${over.model ?? 'last_touch'}/${over.rank ?? 0}`,
    revision: 1,
    region: 'a',
    orderId,
    orderVersion: 1,
    orderStatus: 'placed',
    orderTime,
    userId: 'u-7',
    merchantId: 'pizzeria-3',
    amountMicros,
    currency: 'EUR',
    model: 'last_touch',
    rank: 0,
    outcome: 'attributed',
    reason: null,
    creditMicros: amountMicros,
    adId: 'ad-00020',
    campaignId: 'campaign-003',
    advertiserId: 'advertiser-01',
    touchEventId: '0192f0c1-5a6b-7c3d-8e9f-a0b1c2d3e4f5',
    touchType: 'click',
    touchTime: orderTime - 100_000,
    touchRegion: 'a',
    enrichment: null,
    enrichmentStatus: 'ok',
    ...over,
  };
}

/** A record that says why nobody has the credit. */
export function mockUnattributed(
  reason: UnattributedReason,
  over: Partial<AttributedOrder> = {},
): AttributedOrder {
  return mockRecord({ ...NO_TOUCH, outcome: 'unattributed', reason, ...over });
}

const REASONS: readonly UnattributedReason[] = [
  'no_touch',
  'outside_window',
  'other_merchant',
  'after_order',
];
const ENRICHMENTS: readonly EnrichmentStatus[] = ['pending', 'ok', 'ok', 'unavailable', 'ok'];

/** Sixty orders under two models; with every tick three come in at the top. */
export function mockOrders(tick: number, now: number): AttributedOrder[] {
  return Array.from({ length: 60 }, (_, index) => tick * 3 + 60 - index).flatMap((number, index) => {
    const orderStatus: OrderStatus =
      number % 11 === 0 ? 'cancelled' : number % 13 === 0 ? 'refunded' : 'placed';
    const order = {
      orderId: `order-${String(70_000 + number)}`,
      orderStatus,
      orderVersion: orderStatus === 'placed' ? 1 : 2,
      orderTime: now - index * 3100,
      amountMicros: 7_900_000 + (number % 37) * 1_350_000,
      enrichmentStatus: index < 3 ? 'pending' : ENRICHMENTS[number % ENRICHMENTS.length],
    } as const;
    if (number % 4 === 0) {
      const reason = REASONS[(number / 4) % REASONS.length];
      return (['last_touch', 'linear'] as const).map((model) =>
        mockUnattributed(reason, { ...order, model }),
      );
    }
    return attributed(order, number);
  });
}

function attributed(order: Partial<AttributedOrder>, number: number): AttributedOrder[] {
  const amountMicros = order.orderStatus === 'cancelled' ? 0 : order.amountMicros!;
  const touch = (rank: number): Partial<AttributedOrder> => ({
    rank,
    adId: `ad-${String(20 + ((number * 7 + rank) % 40) * 37).padStart(5, '0')}`,
    touchType: number % 3 === 0 ? 'impression' : 'click',
    touchTime: order.orderTime! - 40_000 * (1 + (number % 9) ** 3) - rank * HOUR_MS,
  });
  const half = Math.floor(amountMicros / 2);
  return [
    mockRecord({ ...order, ...touch(0), creditMicros: amountMicros }),
    mockRecord({ ...order, ...touch(0), model: 'linear', creditMicros: amountMicros - half }),
    mockRecord({ ...order, ...touch(1), model: 'linear', creditMicros: half }),
  ];
}

/** A refunded order of two models, with a withdrawn record and one touch of every fate. */
export function mockOrderAnswer(orderId: string, now: number): OrderAnswer {
  const orderTime = now - (now % 60_000) - 26 * HOUR_MS;
  const order = {
    orderId,
    orderVersion: 2,
    orderStatus: 'refunded',
    orderTime,
    userId: 'u-7',
    merchantId: 'pizzeria-3',
    amountMicros: 23_500_000,
    currency: 'EUR',
  } as const;
  const enrichment = {
    merchantName: 'Pizzeria da Gino',
    city: 'Łódź',
    courier: null,
    items: [{ name: 'Margherita', count: 2 }],
  };
  const record = (over: Partial<AttributedOrder>): AttributedOrder =>
    mockRecord({ ...order, revision: 3, enrichment, ...over });
  const [first, second] = [mockTouch(orderTime, 0), mockTouch(orderTime, 1)];
  const shared = { orderTime, model: 'linear' } as const;
  return {
    order,
    firstArrival: orderTime + 1400,
    records: [
      record({ touchTime: first.touch.eventTime }),
      record({ ...shared, creditMicros: 11_750_000, touchTime: first.touch.eventTime }),
      record({
        ...shared,
        rank: 1,
        creditMicros: 11_750_000,
        adId: second.touch.adId,
        touchTime: second.touch.eventTime,
      }),
      record({ ...shared, rank: 2, creditMicros: 0, adId: 'ad-00094', touchTime: orderTime - 5 * HOUR_MS }),
    ],
    touches: TOUCHES.map((_, index) => mockTouch(orderTime, index)).toSorted(
      (a, b) => b.touch.eventTime - a.touch.eventTime,
    ),
  };
}

const TOUCHES: readonly (Partial<TouchExplanation> & { beforeMs: number; type?: 'impression' | 'click' })[] =
  [
    {
      beforeMs: 100_250,
      credits: [
        { model: 'last_touch', rank: 0, creditMicros: 23_500_000 },
        { model: 'linear', rank: 0, creditMicros: 11_750_000 },
      ],
      message: 'Of the order’s micros this click gets all.',
    },
    {
      beforeMs: 3 * HOUR_MS,
      credits: [{ model: 'linear', rank: 1, creditMicros: 11_750_000 }],
      message: 'Of the order’s micros this click gets half.',
    },
    {
      beforeMs: -700_000,
      eligible: false,
      reason: 'after_order',
      message: 'This click came after the order.',
    },
    {
      beforeMs: 50_000,
      type: 'impression',
      reason: 'beaten_by_click',
      message: 'This impression was in time, but so was a click, and a click beats an impression.',
    },
    {
      beforeMs: 30 * HOUR_MS,
      type: 'impression',
      eligible: false,
      reason: 'outside_window',
      message: 'This impression came too long before the order: the window of impressions is 1d.',
    },
    {
      beforeMs: 50 * HOUR_MS,
      eligible: false,
      reason: 'other_merchant',
      message: "This click was for another merchant than the order's.",
    },
  ];

function mockTouch(orderTime: number, index: number): TouchExplanation {
  const { beforeMs, type = 'click', ...rest } = TOUCHES[index];
  return {
    touch: {
      eventId: `e-${index}`,
      eventType: type,
      eventTime: orderTime - beforeMs,
      adId: `ad-${String(20 + index * 37).padStart(5, '0')}`,
      campaignId: `campaign-${String(3 + index).padStart(3, '0')}`,
      advertiserId: 'advertiser-01',
      merchantId: index === 5 ? 'sushi-9' : 'pizzeria-3',
      region: 'a',
    },
    eligible: true,
    reason: null,
    credits: [],
    message: '',
    ...rest,
  };
}
