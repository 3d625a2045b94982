import type { ErrorCode } from '../../base/errors.ts';
import type { BodyFormat, Ingest } from '../../model/request/ingest.ts';
import { type IngestContext, type Route, sendJson } from '../route.ts';
import { bodyFormat } from './intake.ts';

/** What may go wrong with a body of events or orders, besides what every route has. */
export const INGEST_ERRORS: readonly ErrorCode[] = [
  'bad_encoding',
  'request_timeout',
  'too_large',
  'unsupported_media_type',
  'overloaded',
  'stopping',
  'capacity',
  'disk_failed',
];

/** Answers a body with the receipt that is given for it. */
export function answerIngest<Receipt>(
  take: (ingest: Ingest, bytes: Uint8Array, format: BodyFormat) => Promise<Receipt>,
  json: (receipt: Receipt) => string,
): Route<IngestContext>['handler'] {
  return ({ ingest, intake }) =>
    async (request, reply) => {
      const format = bodyFormat(request.headers['content-type']);
      const receipt = await intake.take(request.raw, reply.raw, (bytes) => take(ingest, bytes, format));
      return sendJson(reply, json(receipt));
    };
}
