import { AdtallyError } from '../base/errors.ts';
import { countEvents } from '../model/request/event-splitter.ts';
import type { BodyFormat } from '../model/request/ingest.ts';
import type { PipelineSpec } from './settings.ts';

/** How many events or orders are in a body. Throws AdtallyError too_large. */
export function checkSize(body: Uint8Array, format: BodyFormat, limits: PipelineSpec['limits']): number {
  const { bytesPerRequest, eventsPerRequest } = limits;
  if (body.length > bytesPerRequest) {
    throw new AdtallyError(
      'too_large',
      `The body has ${body.length} bytes; at most ${bytesPerRequest} are taken.`,
    );
  }
  const count = countEvents(body, format, eventsPerRequest + 1);
  if (count <= eventsPerRequest) return count;
  throw new AdtallyError('too_large', `The request has more than ${eventsPerRequest} events or orders.`);
}
