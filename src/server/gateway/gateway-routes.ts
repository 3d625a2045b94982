import { z } from 'zod';
import type { ErrorCode } from '../../base/errors.ts';
import { noOrderVerdicts } from '../../model/order-receipt.ts';
import type { GatewayFrame } from '../../model/live.ts';
import { noVerdicts } from '../../model/verdict.ts';
import { getAccess } from '../access/access-route.ts';
import { gatewayFrame } from '../openapi/gateway-schemas.ts';
import { ingestReceipt } from '../openapi/schemas.ts';
import { orderReceipt } from '../openapi/order-schemas.ts';
import {
  EVENT_STREAM_TYPE,
  type IngestContext,
  type Operation,
  type PageContext,
  type ReportContext,
  type Route,
  type TouchContext,
} from '../route.ts';
import { postEvents } from '../routes/events.ts';
import { getHealthz, getReadyz } from '../routes/health.ts';
import { getMetrics } from '../routes/metrics.ts';
import { getOpenApi } from '../routes/openapi.ts';
import { postOrders } from '../routes/orders/orders.ts';
import { getLive } from '../routes/live.ts';
import { getAsset, getPage } from '../routes/pages.ts';
import { getTouches } from '../routes/touches.ts';
import { getFigures } from '../routes/reports/figures.ts';

const ERRORS: readonly ErrorCode[] = [
  'bad_encoding',
  'request_timeout',
  'too_large',
  'unsupported_media_type',
  'overloaded',
  'stopping',
  'kafka_unreachable',
];

const provisional = z
  .literal(true)
  .describe('The verdicts are not the last word: only "invalid" is known when the answer leaves.');

const JUDGED_LATER =
  'The answer is "provisional": the gateway has said which are invalid, and what becomes of the others, whether they are new, seen ' +
  'before, late or ahead, is judged behind Kafka and told by the verdicts of the cluster.';
const SAFE_AGAIN =
  'Sending the same request again is safe, after an error too: what was taken in twice is found to be a duplicate.';

/** The route of a region with the words of the gateway: same bodies, same answers but for what is not known yet. */
function rephrased<Context extends IngestContext>(
  route: Route<Context>,
  own: Partial<Operation>,
): Route<Context> {
  return { ...route, operation: { ...route.operation!, errors: ERRORS, ...own } };
}

/** What the routes of the gateway of a cluster share. */
export type GatewayContext = ReportContext & PageContext & TouchContext;

const FRAME: GatewayFrame = {
  at: 1_769_860_800_000,
  region: 'a',
  eventsPerSecond: 2.5,
  events: { received: 5, invalid: 1 },
  orders: { received: 3, invalid: 0 },
  pendingBytes: 0,
  isReady: true,
  publishMsLast: 3.1,
  failures: 0,
  verdicts: { counted: 3, duplicate: 1, conflict: 0, late: 0, future: 0, invalid: 1 },
};

/** What the gateway of a cluster serves. */
export const GATEWAY_ROUTES: readonly Route<GatewayContext>[] = [
  rephrased(postEvents, {
    description:
      'Answers once Kafka has all of the events on every in-sync replica. One bad event never fails its neighbours. ' +
      `${JUDGED_LATER} ${SAFE_AGAIN} The body may be compressed (Content-Encoding: gzip or zstd).`,
    answer: {
      about:
        'How many events were taken in to be counted ("counted") and how many are invalid, and the first of these. The other ' +
        'verdicts are 0.',
      content: [
        {
          type: 'application/json',
          schema: ingestReceipt.extend({ provisional }),
          example: {
            received: 2,
            verdicts: { ...noVerdicts(), counted: 1, invalid: 1 },
            problems: [
              {
                index: 1,
                eventId: 'e-2',
                verdict: 'invalid',
                code: 'missing_field',
                message: 'adId is missing.',
              },
            ],
            provisional: true,
          },
        },
      ],
    },
  }),
  rephrased(postOrders, {
    description:
      'Answers once Kafka has all of the orders on every in-sync replica. One bad order never fails its neighbours. A change, a ' +
      `cancellation or a refund is the same order with a higher orderVersion and its net amount. ${JUDGED_LATER} ${SAFE_AGAIN}`,
    answer: {
      about:
        'How many orders were taken in ("accepted") and how many are invalid, and the first of these. The other verdicts are 0.',
      content: [
        {
          type: 'application/json',
          schema: orderReceipt.extend({ provisional }),
          example: {
            received: 1,
            verdicts: { ...noOrderVerdicts(), accepted: 1 },
            problems: [],
            provisional: true,
          },
        },
      ],
    },
  }),
  {
    ...getFigures,
    operation: {
      ...getFigures.operation!,
      description:
        'From Pinot, which has the records of every region a few seconds after their events were taken in; not_found where the gateway ' +
        'was not told where Pinot is. One row for each group, bucket and currency with anything in it. Ads count by the minute of their events, ' +
        'orders by their own time. In CSV, texts that a spreadsheet would take for a formula begin with a quote.',
    },
  },
  {
    ...getTouches,
    operation: {
      ...getTouches.operation!,
      description:
        'From PostgreSQL, a few seconds after the events were taken in; not_found where the gateway was not told where it is. Newest first, ' +
        'as far back as an order may be attributed.',
      errors: ['cluster_unreachable'],
    },
  },
  rephrased(getHealthz, { description: 'Says nothing about Kafka: see /readyz.', errors: [] }),
  rephrased(getReadyz, {
    summary: 'Whether the gateway takes in events',
    description:
      'For load balancers: 503 while the gateway stops, and while Kafka does not take in what it is sent.',
    errors: ['stopping', 'kafka_unreachable'],
  }),
  rephrased(getLive, {
    summary: 'Watch the gateway live',
    description:
      'Server-sent events ("event: live"), about two a second: what this gateway takes in, and the verdicts of its region. A client ' +
      'that reads slowly misses frames.',
    answer: {
      about: 'A stream of frames.',
      content: [
        {
          type: EVENT_STREAM_TYPE,
          schema: gatewayFrame,
          example: `event: live\ndata: ${JSON.stringify(FRAME)}\n\n`,
        },
      ],
    },
    errors: [],
  }),
  getAccess,
  getMetrics,
  getOpenApi,
  getPage,
  getAsset,
];
