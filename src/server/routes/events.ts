import { formatBytes } from '../../base/units.ts';
import type { IngestReceipt } from '../../model/verdict.ts';
import { answerIngest, INGEST_ERRORS } from '../body/ingest-answer.ts';
import { eventBatch, eventLines, ingestReceipt } from '../openapi/schemas.ts';
import type { IngestContext, Route } from '../route.ts';

const EVENT = {
  eventId: '0192f0c1-5a6b-7c3d-8e9f-a0b1c2d3e4f5',
  eventType: 'click',
  eventTime: '2026-01-31T12:00:00.250Z',
  adId: 'ad-42',
  campaignId: 'spring',
  advertiserId: 'acme',
  userId: 'u-7',
  costMicros: 250_000,
  currency: 'EUR',
};

const RECEIPT: IngestReceipt = {
  received: 2,
  verdicts: { counted: 1, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 1 },
  problems: [
    { index: 1, eventId: 'e-2', verdict: 'invalid', code: 'missing_field', message: 'adId is missing.' },
  ],
};

export const postEvents: Route<IngestContext> = {
  method: 'POST',
  url: '/v1/events',
  access: 'publisher',
  operation: {
    id: 'postEvents',
    tag: 'Ingest',
    summary: 'Send impressions and clicks',
    description:
      'Answers once the events are durable on disk and visible. Every event gets exactly one verdict; one bad event never ' +
      'fails its neighbours. Sending the same request again is safe: what was counted is a duplicate then. The body may be ' +
      'compressed (Content-Encoding: gzip or zstd).',
    body: {
      about: ({ eventsPerRequest, bytesPerRequest }) =>
        'One event, an array of events, or one event per line. ' +
        `At most ${eventsPerRequest} events and ${formatBytes(bytesPerRequest)} after decompression.`,
      content: [
        { type: 'application/json', schema: eventBatch, example: [EVENT] },
        { type: 'application/x-ndjson', schema: eventLines, example: `${JSON.stringify(EVENT)}\n` },
      ],
    },
    answer: {
      about: 'How many events got which verdict, and the first ones that were not counted.',
      content: [{ type: 'application/json', schema: ingestReceipt, example: RECEIPT }],
    },
    errors: INGEST_ERRORS,
  },
  handler: answerIngest((ingest, bytes, format) => ingest.ingest(bytes, format), receiptJson),
};

/** The receipt as JSON; without problems, as nearly always, it is nine numbers in a text. */
export function receiptJson(receipt: IngestReceipt): string {
  if (receipt.problems.length > 0) return JSON.stringify(receipt);
  const { counted, duplicate, conflict, late, future, invalid } = receipt.verdicts;
  return (
    `{"received":${receipt.received},"verdicts":{"counted":${counted},"duplicate":${duplicate},"conflict":${conflict},` +
    `"late":${late},"future":${future},"invalid":${invalid}},"problems":[]${receipt.provisional === true ? ',"provisional":true' : ''}}`
  );
}
