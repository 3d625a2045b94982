import { AdtallyError, type ErrorCode } from '../../base/errors.ts';
import type { PinotAnswer, PinotBroker, PinotCell } from '../../cluster/pinot/ports.ts';
import { askPinot, firstLine, type PinotAddress } from './pinot-http.ts';

export interface PinotBrokerOptions extends PinotAddress {
  /** Most groups of a statement; a server that is set to fewer refuses more. */
  readonly groupsMax: number;
}

/** What a broker answers, as far as it is read. */
interface BrokerResponse {
  readonly resultTable?: { readonly rows: readonly (readonly PinotCell[])[] };
  readonly exceptions?: readonly { readonly errorCode: number; readonly message: string }[];
  readonly numServersQueried?: number;
  readonly numServersResponded?: number;
  readonly numSegmentsQueried?: number;
  readonly numSegmentsPrunedByBroker?: number;
  readonly numConsumingSegmentsQueried?: number;
  readonly numGroupsLimitReached?: boolean;
  readonly groupsTrimmed?: boolean;
  readonly partialResult?: boolean;
  readonly totalDocs?: number;
  readonly timeUsedMs?: number;
}

/** Codes of Pinot that say more than that it did not work. */
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  // A server or the broker ran out of time, waiting or working.
  [240, 'query_too_long'],
  [250, 'query_too_long'],
  [400, 'query_too_long'],
  // Out of capacity; over a quota.
  [211, 'overloaded'],
  [429, 'overloaded'],
]);

/** Asks a broker of Pinot, and takes only whole answers. */
export class HttpPinotBroker implements PinotBroker {
  readonly #options: PinotBrokerOptions;

  constructor(options: PinotBrokerOptions) {
    this.#options = options;
  }

  async query(sql: string): Promise<PinotAnswer> {
    const { timeoutMs, groupsMax } = this.#options;
    // Pinot gives up by itself a little earlier, and says why.
    const queryOptions = `timeoutMs=${Math.ceil(timeoutMs * 0.9)};numGroupsLimit=${groupsMax}`;
    const { status, body, text } = await askPinot(this.#options, 'POST', '/query/sql', { sql, queryOptions });
    if (status !== 200 || typeof body !== 'object' || body === null) {
      throw unavailable(`Pinot’s broker answers ${status}: ${firstLine(text)}`);
    }
    return wholeAnswer(body);
  }
}

/** The answer, where it is of every server and segment. */
function wholeAnswer(response: BrokerResponse): PinotAnswer {
  const { exceptions = [], resultTable, totalDocs = 0, timeUsedMs = 0 } = response;
  if (exceptions.length > 0) throw failureOf(exceptions[0].errorCode, exceptions[0].message);
  checkServers(response);
  checkSegments(response);
  if (response.numGroupsLimitReached === true || response.groupsTrimmed === true) {
    throw new AdtallyError(
      'capacity',
      'Pinot’s servers keep fewer groups than the report has: take a coarser granularity or a shorter range, or raise pinot.server.query.executor.num.groups.limit.',
    );
  }
  if (resultTable === undefined) throw unavailable('Pinot’s broker answered without a result.');
  const openSegments = response.numConsumingSegmentsQueried ?? 0;
  return { rows: resultTable.rows, totalDocs, openSegments, ms: timeUsedMs };
}

function checkServers({ numServersQueried, numServersResponded, partialResult }: BrokerResponse): void {
  if (partialResult !== true && numServersResponded === numServersQueried) return;
  throw unavailable(
    `Of ${numServersQueried ?? 'the'} servers of Pinot ${numServersResponded ?? 'not all'} answered: that is a part of the figures only.`,
  );
}

/** A table that was just made, or whose servers are all away, answers like an empty one. */
function checkSegments({ numSegmentsQueried = 0, numSegmentsPrunedByBroker = 0 }: BrokerResponse): void {
  if (numSegmentsQueried + numSegmentsPrunedByBroker > 0) return;
  throw unavailable(
    'Pinot has no segment of the table at hand: it is not ready yet, or its servers are away.',
  );
}

function failureOf(errorCode: number, message: string): AdtallyError {
  const detail = `Pinot did not answer the query (${errorCode}): ${firstLine(message)}`;
  const code = CODES.get(errorCode);
  if (code === undefined) return unavailable(detail);
  return new AdtallyError(code, detail, code === 'overloaded' ? { retryAfterSeconds: 1 } : {});
}

function unavailable(detail: string): AdtallyError {
  return new AdtallyError('reporting_unavailable', detail);
}
