import { AdtallyError } from '../../base/errors.ts';
import { formatBytes, formatDuration } from '../../base/units.ts';
import type { BackfillPreview } from '../../embedded/ports.ts';
import { bodyFormat } from '../body/intake.ts';
import { INGEST_ERRORS } from '../body/ingest-answer.ts';
import { exactJson } from '../exact-json.ts';
import { backfillPreview } from '../openapi/backfill-schemas.ts';
import { eventLines, ingestReceipt } from '../openapi/schemas.ts';
import { durationParameter, readParameters } from '../parameters.ts';
import { type Operation, type Route, sendJson } from '../route.ts';
import { asOperator } from '../trail/operator-action.ts';
import { receiptJson } from './events.ts';

const QUERY = {
  maxAge: durationParameter(
    'Events up to this age count. At most what is kept of records and of touches, for older events could not be told from those counted before.',
    '3d',
  ),
};

const BODY: Operation['body'] = {
  about: ({ eventsPerRequest, bytesPerRequest }) =>
    `One event per line. At most ${eventsPerRequest} events and ${formatBytes(bytesPerRequest)} after decompression.`,
  content: [
    {
      type: 'application/x-ndjson',
      schema: eventLines,
      example:
        '{"eventId":"e-1","eventType":"click","eventTime":"2026-01-29T12:00:00Z","adId":"ad-42","campaignId":"spring","advertiserId":"acme","userId":"u-7"}\n',
    },
  ],
};

export const postBackfill: Route = {
  method: 'POST',
  url: '/v1/backfill',
  access: 'operator',
  operation: {
    id: 'postBackfill',
    tag: 'Books',
    summary: 'Fill in old events',
    description:
      'Judges events as POST /v1/events does, but with an age limit of its own. What was counted before is a duplicate, by its id ' +
      'or, once that is forgotten, by its touch; sent twice it changes nothing. Figures that were final change. The body may be ' +
      'compressed (Content-Encoding: gzip or zstd).',
    query: QUERY,
    body: BODY,
    answer: {
      about: 'How many events got which verdict, and the first ones that were not counted.',
      content: [
        {
          type: 'application/json',
          schema: ingestReceipt,
          example: {
            received: 1,
            verdicts: { counted: 1, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 },
            problems: [],
          },
        },
      ],
    },
    errors: ['bad_request', ...INGEST_ERRORS],
  },
  handler: (context) => async (request, reply) => {
    const maxAgeMs = readAge(request.query);
    requireLines(request.headers['content-type']);
    const receipt = await context.intake.take(request.raw, reply.raw, (bytes) => {
      const subject = `${formatBytes(bytes.length)} of events, up to ${formatDuration(maxAgeMs)} old`;
      const asked = { action: 'backfill.take', subject };
      return asOperator(context, request, asked, () => context.region.backfill(bytes, maxAgeMs));
    });
    return sendJson(reply, receiptJson(receipt));
  },
};

export const postBackfillPreview: Route = {
  method: 'POST',
  url: '/v1/backfill/preview',
  access: 'operator',
  operation: {
    id: 'previewBackfill',
    tag: 'Books',
    summary: 'What filling in old events would change',
    description: 'Takes what POST /v1/backfill takes and says what it would do now. Changes nothing.',
    query: QUERY,
    body: BODY,
    answer: {
      about: 'The verdicts, and what would be added by ad, day and currency.',
      content: [
        {
          type: 'application/json',
          schema: backfillPreview,
          example: {
            received: 1,
            verdicts: { counted: 1, duplicate: 0, conflict: 0, late: 0, future: 0, invalid: 0 },
            changes: [
              {
                day: '2026-01-29T00:00:00.000Z',
                adId: 'ad-42',
                campaignId: 'spring',
                advertiserId: 'acme',
                currency: 'EUR',
                impressions: 0,
                clicks: 1,
                costMicros: 0,
              },
            ],
            notCounted: [],
          },
        },
      ],
    },
    errors: ['bad_request', ...INGEST_ERRORS],
  },
  handler:
    ({ intake, region }) =>
    async (request, reply) => {
      const maxAgeMs = readAge(request.query);
      requireLines(request.headers['content-type']);
      const preview = await intake.take(request.raw, reply.raw, (bytes) =>
        Promise.try(() => region.previewBackfill(bytes, maxAgeMs)),
      );
      return sendJson(reply, previewJson(preview));
    },
};

function readAge(query: unknown): number {
  const { maxAge } = readParameters(query, QUERY);
  if (maxAge === undefined) throw new AdtallyError('bad_request', 'maxAge is missing, such as maxAge=3d.');
  return maxAge;
}

function requireLines(contentType: string | undefined): void {
  if (bodyFormat(contentType) === 'ndjson') return;
  throw new AdtallyError('unsupported_media_type', 'Old events are sent as application/x-ndjson.');
}

function previewJson({ changes, ...preview }: BackfillPreview): string {
  const days = changes.map((change) => ({ ...change, day: new Date(change.day).toISOString() }));
  return exactJson({ ...preview, changes: days });
}
