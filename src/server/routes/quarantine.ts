import { AdtallyError } from '../../base/errors.ts';
import { MIB } from '../../base/units.ts';
import type { QuarantineList } from '../../embedded/ports.ts';
import { z } from 'zod';
import { REPLAY_MAX, ingestReceipt, quarantineList, replayRequest } from '../openapi/schemas.ts';
import { countParameter, readParameter, readParameters } from '../parameters.ts';
import { type Route, sendJson } from '../route.ts';
import { asOperator } from '../trail/operator-action.ts';

const LIMIT_DEFAULT = 100;
const ID_MAX = Number.MAX_SAFE_INTEGER;

const QUERY = {
  limit: countParameter('Most entries in the answer.', [1, 1000], LIMIT_DEFAULT),
  before: countParameter('Only entries with a smaller id: the next page.', [0, ID_MAX]),
};

const PATH = { id: countParameter('Id of the entry.', [0, ID_MAX]) };

const LIST: QuarantineList = {
  entries: [
    {
      id: 17,
      arrival: 1_769_860_800_000,
      verdict: 'invalid',
      code: 'missing_field',
      message: 'adId is missing.',
      eventId: 'e-2',
      sizeBytes: 211,
    },
  ],
  held: 1,
  dropped: 0,
};

export const getQuarantine: Route = {
  method: 'GET',
  url: '/v1/quarantine',
  access: 'operator',
  operation: {
    id: 'getQuarantine',
    tag: 'Books',
    summary: 'List the events that were not counted',
    description: 'Newest first. Duplicates are not kept: their original was counted.',
    query: QUERY,
    answer: {
      about: 'Entries, and how many are held and were dropped.',
      content: [{ type: 'application/json', schema: quarantineList, example: LIST }],
    },
    errors: [],
  },
  handler:
    ({ region }) =>
    async (request, reply) => {
      const { limit = LIMIT_DEFAULT, before } = readParameters(request.query, QUERY);
      return sendJson(reply, JSON.stringify(await region.quarantine({ limit, before })));
    },
};

export const getQuarantineRaw: Route = {
  method: 'GET',
  url: '/v1/quarantine/:id/raw',
  access: 'operator',
  operation: {
    id: 'getQuarantineRaw',
    tag: 'Books',
    summary: 'The raw bytes of an entry',
    description: 'As they were received.',
    path: PATH,
    answer: {
      about: 'The bytes.',
      content: [{ type: 'application/octet-stream', schema: z.string(), example: '{"eventId":"e-2"}' }],
    },
    errors: [],
  },
  handler:
    ({ region }) =>
    async (request, reply) => {
      readParameters(request.query, {});
      const id = readParameter('id', (request.params as { id: string }).id, PATH.id);
      const bytes = await region.quarantineRaw(id);
      return reply
        .header('content-type', 'application/octet-stream')
        .header('content-disposition', `attachment; filename="quarantine-${id}"`)
        .send(bytes);
    },
};

export const postQuarantineReplay: Route = {
  method: 'POST',
  url: '/v1/quarantine/replay',
  access: 'operator',
  operation: {
    id: 'postQuarantineReplay',
    tag: 'Books',
    summary: 'Judge entries again',
    description:
      'As if the events arrived now. The entries leave the quarantine; what is refused again comes back as new ones.',
    body: {
      about: () => `1 to ${REPLAY_MAX} ids.`,
      content: [{ type: 'application/json', schema: replayRequest, example: { ids: [17] } }],
    },
    answer: {
      about: 'The verdicts of the events replayed.',
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
    errors: [
      'request_timeout',
      'too_large',
      'unsupported_media_type',
      'overloaded',
      'stopping',
      'disk_failed',
    ],
  },
  handler: (context) => async (request, reply) => {
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json') {
      throw new AdtallyError('unsupported_media_type', 'A replay is asked for with application/json.');
    }
    const receipt = await context.intake.take(request.raw, reply.raw, async (bytes) => {
      const ids = parseReplay(bytes);
      const asked = { action: 'quarantine.replay', subject: `${ids.length} entries: ${ids.join(', ')}` };
      return asOperator(context, request, asked, () => context.region.replayQuarantine(ids));
    });
    return sendJson(reply, JSON.stringify(receipt));
  },
};

function parseReplay(bytes: Uint8Array): readonly number[] {
  if (bytes.length > MIB) throw new AdtallyError('too_large', 'A replay request is at most 1 MiB.');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new AdtallyError('bad_request', 'The body is not valid JSON.');
  }
  const reading = replayRequest.safeParse(value);
  if (reading.success) return reading.data.ids;
  const issue = reading.error.issues[0];
  throw new AdtallyError('bad_request', `${issue.path.join('.') || 'The body'}: ${issue.message}.`);
}
