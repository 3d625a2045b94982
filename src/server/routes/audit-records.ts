import { AdtallyError } from '../../base/errors.ts';
import { LAST_UNIX_MS } from '../../model/event-time.ts';
import { adMinuteRecordId } from '../../model/record-id.ts';
import {
  DigestMaker,
  RECORD_HOLDERS,
  timeOfRecord,
  type DigestStep,
  type RecordDigest,
  type RecordList,
  type RecordQuery,
  type RecordRange,
} from '../../reporting/record-digest.ts';
import { forEachInTurns } from '../../reporting/turns.ts';
import { RECORD_KINDS, type RecordKind, type RecordKinds } from '../../union-load/ports.ts';
import type { Region } from '../../embedded/ports.ts';
import { recordDigest, recordList } from '../openapi/digest-schemas.ts';
import { ATTRIBUTED_ORDER } from '../openapi/order-schemas.ts';
import { choiceParameter, readParameters, textParameter, timeParameter } from '../parameters.ts';
import { sendJson, type Route, type ServerContext } from '../route.ts';
import { reportsOf } from './reports/status.ts';

const QUERY = {
  of: choiceParameter(
    'Whose records: those of the region itself, or the copy in its reporting store.',
    RECORD_HOLDERS,
    'engine',
  ),
  region: textParameter('The region that made the records. Default: this one.', 'a', 100),
  kind: choiceParameter('Which records.', RECORD_KINDS, 'ad-minutes'),
  from: timeParameter('Minute, or time of the order, from which, inclusive. Default: the first one.'),
  to: timeParameter('Until which, exclusive. Default: the last one.'),
};
const DIGEST_QUERY = {
  ...QUERY,
  step: choiceParameter('What a line stands for.', ['hour', 'minute'] as const, 'hour'),
};

const ABOUT = 'For "adtally audit --peer", which holds the records of a region against their copies. ';

export const getAuditDigest: Route = {
  method: 'GET',
  url: '/v1/audit/digest',
  access: 'peer',
  operation: {
    id: 'getAuditDigest',
    tag: 'Books',
    summary: 'Records in short, hour by hour',
    description:
      ABOUT +
      'Of each hour with records how many there are, the sum of their revisions, and a hash of ids, revisions and contents that does ' +
      'not depend on their order: where two of these are alike, so are the records.',
    query: DIGEST_QUERY,
    answer: {
      about: 'One line for each hour or minute with records.',
      content: [
        {
          type: 'application/json',
          schema: recordDigest,
          example: {
            region: 'a',
            asOf: 1_769_860_867_312,
            heldFrom: 1_767_225_600_000,
            buckets: [{ start: 1_769_860_800_000, records: 2, revisions: '5', hash: '22170371946352193518' }],
          },
        },
      ],
    },
    errors: ['not_found', 'overloaded', 'reporting_unavailable'],
  },
  handler: (context) => (request, reply) => {
    const { of = 'engine', step = 'hour', ...range } = readParameters(request.query, DIGEST_QUERY);
    const query = { ...rangeOf(range, context), step };
    if (of === 'reporting') return answerFromStore(query, context, reply);
    checkOwn(query, context);
    return digestOwn(context, query, step).then((digest) => sendJson(reply, JSON.stringify(digest)));
  },
};

export const getAuditRecords: Route = {
  method: 'GET',
  url: '/v1/audit/records',
  access: 'peer',
  operation: {
    id: 'getAuditRecords',
    tag: 'Books',
    summary: 'Records of a short time, one by one',
    description: `${ABOUT}All records of the time asked for come in one answer: ask for minutes.`,
    query: QUERY,
    answer: {
      about: 'The records, in no order.',
      content: [
        {
          type: 'application/json',
          schema: recordList,
          example: { region: 'a', asOf: 1_769_860_867_312, heldFrom: 0, records: [ATTRIBUTED_ORDER] },
        },
      ],
    },
    errors: ['not_found', 'overloaded', 'reporting_unavailable'],
  },
  handler: (context) => (request, reply) => {
    const { of = 'engine', ...range } = readParameters(request.query, QUERY);
    const query = rangeOf(range, context);
    if (of === 'reporting') return answerFromStore(query, context, reply);
    checkOwn(query, context);
    return listOwn(context, query).then((list) => sendJson(reply, JSON.stringify(list)));
  },
};

function rangeOf(
  given: { [Name in keyof RecordRange]?: RecordRange[Name] | undefined },
  { region }: ServerContext,
): RecordRange {
  const { kind = 'ad-minutes', from = 0, to = LAST_UNIX_MS + 1 } = given;
  if (from >= to) throw new AdtallyError('bad_request', 'from must be before to.');
  return { region: given.region ?? region.name, kind, from, to };
}

async function answerFromStore(
  query: RecordQuery,
  context: ServerContext,
  reply: Parameters<typeof sendJson>[0],
): Promise<unknown> {
  return sendJson(reply, await reportsOf(context).records(query));
}

/** Throws AdtallyError not_found for the records of a region that is elsewhere. */
function checkOwn({ region: asked }: RecordRange, { region: { name } }: ServerContext): void {
  if (asked === name) return;
  throw new AdtallyError(
    'not_found',
    `This is region ${name}; of region ${asked} it has a copy (of=reporting).`,
  );
}

async function digestOwn(
  context: ServerContext,
  range: RecordRange,
  step: DigestStep,
): Promise<RecordDigest> {
  const { region, clock } = context;
  const held = heldBy(region, range.kind);
  const maker = new DigestMaker(range.kind, step);
  await forEachInTurns(ownRecords(region, range), clock, (record) => maker.add(record));
  return { ...held, buckets: maker.buckets() };
}

async function listOwn({ region, clock }: ServerContext, range: RecordRange): Promise<RecordList> {
  const held = heldBy(region, range.kind);
  const records: RecordKinds[RecordKind][] = [];
  await forEachInTurns(ownRecords(region, range), clock, (record) => records.push(record));
  return { ...held, records };
}

function heldBy(region: Region, kind: RecordKind): Pick<RecordDigest, 'region' | 'asOf' | 'heldFrom'> {
  const { recordsFrom, ordersFrom } = region.status();
  const heldFrom = kind === 'ad-minutes' ? recordsFrom : ordersFrom;
  return { region: region.name, asOf: region.asOf(), heldFrom };
}

/** The region's own records; whoever pauses sees later ones as they are then. */
function* ownRecords(region: Region, { kind, from, to }: RecordRange): Iterable<RecordKinds[RecordKind]> {
  if (kind === 'ad-minutes') {
    for (const figures of region.adMinutes({ from, to })) {
      const { adId, minute, currency } = figures;
      yield { ...figures, recordId: adMinuteRecordId(region.name, adId, minute, currency) };
    }
    return;
  }
  for (const records of region.attributedOrders()) {
    for (const record of records) {
      const time = timeOfRecord(record);
      if (time >= from && time < to) yield record;
    }
  }
}
