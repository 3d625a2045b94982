import { AdtallyError } from '../../../base/errors.ts';
import { KIB } from '../../../base/units.ts';
import { sqlAnswer, sqlQuery } from '../../openapi/sql-schemas.ts';
import { readParameters } from '../../parameters.ts';
import { sendJson, type Route } from '../../route.ts';
import { reportsOf } from './status.ts';

const BODY_BYTES_MAX = 64 * KIB;

const QUERY = {
  sql: 'SELECT ad_id, SUM(clicks) AS clicks FROM warehouse.ad_hours GROUP BY ad_id ORDER BY clicks DESC LIMIT 10',
};

export const postSql: Route = {
  method: 'POST',
  url: '/v1/sql',
  access: 'operator',
  operation: {
    id: 'postSql',
    tag: 'Figures',
    summary: 'SQL over both stores',
    description:
      'One SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN in the words of DuckDB over `reporting.*`, the tables of the ' +
      'reporting store, and `warehouse.*`, the views of the warehouse. It reads only, has no way to other files, and ends at ' +
      '10,000 rows or after 30 seconds. SHOW ALL TABLES says what there is.',
    body: {
      about: () => 'The query, at most 64 KiB.',
      content: [{ type: 'application/json', schema: sqlQuery, example: QUERY }],
    },
    answer: {
      about: 'What it brought.',
      content: [
        {
          type: 'application/json',
          schema: sqlAnswer,
          example: {
            columns: [
              { name: 'ad_id', type: 'VARCHAR' },
              { name: 'clicks', type: 'HUGEINT' },
            ],
            rows: [['ad-42', 1234]],
            truncated: false,
            ms: 12,
          },
        },
      ],
    },
    errors: [
      'bad_query',
      'not_found',
      'request_timeout',
      'too_large',
      'unsupported_media_type',
      'query_too_long',
      'overloaded',
      'reporting_unavailable',
    ],
  },
  handler: (context) => async (request, reply) => {
    readParameters(request.query, {});
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json') {
      throw new AdtallyError('unsupported_media_type', 'A query is sent as application/json.');
    }
    const reports = reportsOf(context);
    const sql = await context.intake.take(request.raw, reply.raw, (bytes) => Promise.resolve(parse(bytes)));
    return sendJson(reply, await reports.sql(sql));
  },
};

function parse(bytes: Uint8Array): string {
  if (bytes.length > BODY_BYTES_MAX)
    throw new AdtallyError(
      'too_large',
      `The query has ${bytes.length} bytes; at most ${BODY_BYTES_MAX} are read.`,
    );
  const parsed = sqlQuery.safeParse(readJson(bytes));
  if (parsed.success) return parsed.data.sql;
  throw new AdtallyError('bad_request', 'The body must be {"sql":"…"} and nothing else.');
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as unknown;
  } catch (cause) {
    throw new AdtallyError('bad_request', 'The body is not JSON.', { cause });
  }
}
