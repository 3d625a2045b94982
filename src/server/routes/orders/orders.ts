import { AdtallyError } from '../../../base/errors.ts';
import { formatBytes } from '../../../base/units.ts';
import type { OrderReport } from '../../../embedded/ports.ts';
import { noOrderVerdicts, type OrderReceipt } from '../../../model/order-receipt.ts';
import { answerIngest, INGEST_ERRORS } from '../../body/ingest-answer.ts';
import {
  ATTRIBUTED_ORDER,
  orderBatch,
  orderExplanation,
  orderLines,
  orderList,
  orderReceipt,
} from '../../openapi/order-schemas.ts';
import { countParameter, readParameter, readParameters, textParameter } from '../../parameters.ts';
import { type IngestContext, type Route, sendJson } from '../../route.ts';

const LIMIT_DEFAULT = 100;

const ORDER = {
  orderId: 'o-1',
  orderVersion: 1,
  orderStatus: 'placed',
  orderTime: '2026-01-31T12:01:40Z',
  userId: 'u-7',
  merchantId: 'pizzeria-3',
  amountMicros: 23_500_000,
  currency: 'EUR',
} as const;

const RECEIPT: OrderReceipt = {
  received: 1,
  verdicts: { ...noOrderVerdicts(), accepted: 1 },
  problems: [],
};

export const postOrders: Route<IngestContext> = {
  method: 'POST',
  url: '/v1/orders',
  access: 'publisher',
  operation: {
    id: 'postOrders',
    tag: 'Ingest',
    summary: 'Send orders',
    description:
      'Answers once the orders are durable on disk and attributed. Every order gets exactly one verdict; one bad order never ' +
      'fails its neighbours. A change, a cancellation or a refund is the same order with a higher orderVersion and its net ' +
      'amount. Sending the same request again is safe: what was accepted is a duplicate then.',
    body: {
      about: ({ eventsPerRequest, bytesPerRequest }) =>
        'One order, an array of orders, or one order per line. ' +
        `At most ${eventsPerRequest} orders and ${formatBytes(bytesPerRequest)} after decompression.`,
      content: [
        { type: 'application/json', schema: orderBatch, example: [ORDER] },
        { type: 'application/x-ndjson', schema: orderLines, example: `${JSON.stringify(ORDER)}\n` },
      ],
    },
    answer: {
      about: 'How many orders got which verdict, and the first ones that were not accepted.',
      content: [{ type: 'application/json', schema: orderReceipt, example: RECEIPT }],
    },
    errors: INGEST_ERRORS,
  },
  handler: answerIngest((ingest, bytes, format) => ingest.ingestOrders(bytes, format), JSON.stringify),
};

const LIST_QUERY = { limit: countParameter('Most records in the answer.', [1, 1000], LIMIT_DEFAULT) };

export const getOrders: Route = {
  method: 'GET',
  url: '/v1/orders',
  access: 'operator',
  operation: {
    id: 'getOrders',
    tag: 'Figures',
    summary: 'List the orders that changed last',
    description:
      'Their records, newest change first. To follow all of them, see /v1/changes/attributed-orders.',
    query: LIST_QUERY,
    answer: {
      about: 'Records, one per order, model and rank.',
      content: [{ type: 'application/json', schema: orderList, example: { records: [ATTRIBUTED_ORDER] } }],
    },
    errors: [],
  },
  handler:
    ({ region }) =>
    (request, reply) => {
      const { limit = LIMIT_DEFAULT } = readParameters(request.query, LIST_QUERY);
      return sendJson(reply, JSON.stringify({ records: region.latestOrders(limit) }));
    },
};

const PATH = { orderId: textParameter('Id of the order.', 'o-1', 512) };

const { orderId, orderVersion, orderStatus, orderTime, userId, merchantId, amountMicros, currency } =
  ATTRIBUTED_ORDER;

const EXPLANATION: OrderReport = {
  order: { orderId, orderVersion, orderStatus, orderTime, userId, merchantId, amountMicros, currency },
  firstArrival: 1_769_860_900_400,
  records: [ATTRIBUTED_ORDER],
  touches: [
    {
      touch: {
        eventId: '0192f0c1-5a6b-7c3d-8e9f-a0b1c2d3e4f5',
        eventType: 'click',
        eventTime: 1_769_860_800_250,
        adId: 'ad-42',
        campaignId: 'spring',
        advertiserId: 'acme',
        merchantId: 'pizzeria-3',
        region: 'a',
      },
      eligible: true,
      reason: null,
      credits: [{ model: 'last_touch', rank: 0, creditMicros: 23_500_000 }],
      message: 'The latest click before the order.',
    },
  ],
};

export const getOrderExplanation: Route = {
  method: 'GET',
  url: '/v1/orders/:orderId/explain',
  access: 'operator',
  operation: {
    id: 'getOrderExplanation',
    tag: 'Books',
    summary: 'Why an order was attributed as it was',
    description: 'Every touch that was considered, latest first, and why it won or lost.',
    path: PATH,
    answer: {
      about: 'The order, its records and its touches.',
      content: [{ type: 'application/json', schema: orderExplanation, example: EXPLANATION }],
    },
    errors: ['not_found'],
  },
  handler:
    ({ region }) =>
    (request, reply) => {
      readParameters(request.query, {});
      const wanted = readParameter('orderId', (request.params as { orderId: string }).orderId, PATH.orderId);
      const report = region.order(wanted);
      if (report === undefined) {
        throw new AdtallyError('not_found', `No order "${wanted.slice(0, 128)}" is held.`);
      }
      return sendJson(reply, JSON.stringify(report));
    },
};
