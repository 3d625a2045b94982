/**
 * Every expected failure of adtally, in one table: what it is, the HTTP status and exit code it ends with, and what to do.
 * docs/reference/errors.md is rendered from here; a test holds both together.
 */
export const ERRORS = {
  bad_request: {
    status: 400,
    exit: 2,
    title: 'The request is not understood',
    advice: 'Correct the parameter that the detail names.',
  },
  bad_encoding: {
    status: 400,
    exit: 2,
    title: 'The body does not decompress',
    advice: 'Send the body as its Content-Encoding says (gzip, zstd or none).',
  },
  bad_cursor: {
    status: 400,
    exit: 2,
    title: 'The cursor is not one of this region',
    advice: 'Use a cursor this region gave, or none to read from the beginning.',
  },
  bad_campaign: {
    status: 400,
    exit: 2,
    title: 'The campaign is not valid',
    advice: 'Correct the field that the detail names.',
  },
  bad_query: {
    status: 400,
    exit: 2,
    title: 'The query cannot be run',
    advice:
      'Correct it as the detail says: one SELECT, WITH, DESCRIBE, SHOW or EXPLAIN over reporting.* and warehouse.*.',
  },
  unauthorized: {
    status: 401,
    exit: 2,
    title: 'A valid key is needed',
    advice: 'Send "Authorization: Bearer KEY"; make a key with "adtally keys create".',
  },
  peer_mismatch: {
    status: 502,
    exit: 1,
    title: 'The other region is not the one expected',
    advice: 'Check the address in "peer", and that both regions run with the same "regions".',
  },
  forbidden: {
    status: 403,
    exit: 2,
    title: 'This key may not do that',
    advice: 'Use a key of the role that the detail names.',
  },
  not_found: { status: 404, exit: 2, title: 'There is nothing here', advice: 'See /docs for what there is.' },
  unknown_campaign: {
    status: 404,
    exit: 2,
    title: 'There is no such campaign',
    advice: 'Set it with "PUT /v1/campaigns/ID"; what it has spent before is kept and counts then.',
  },
  method_not_allowed: {
    status: 405,
    exit: 2,
    title: 'This address does not take that method',
    advice: 'Use a method named in the Allow header.',
  },
  request_timeout: {
    status: 408,
    exit: 2,
    title: 'The request came too slowly',
    advice: 'Send the whole request within the request timeout; nothing of it was counted.',
  },
  cursor_expired: {
    status: 410,
    exit: 2,
    title: 'Changes after this cursor have left the retention',
    advice:
      'Read from the beginning (without "after"): the latest revision of every record kept comes again.',
  },
  too_large: {
    status: 413,
    exit: 2,
    title: 'The request is too large',
    advice: 'Split it: the limits are in /openapi.json and docs/reference/config.md.',
  },
  unsupported_media_type: {
    status: 415,
    exit: 2,
    title: 'The content type or encoding is not supported',
    advice: 'Send application/json or application/x-ndjson; gzip, zstd or no encoding.',
  },
  misdirected: {
    status: 421,
    exit: 2,
    title: 'The request is meant for another host',
    advice: 'Call the region by the address it printed at its start, or set server.host to the name you use.',
  },
  sum_out_of_range: {
    status: 422,
    exit: 2,
    title: 'A sum of money passes 2^53 − 1 micros',
    advice: 'Ask for a narrower range or for one currency: adtally never rounds money.',
  },
  query_too_long: {
    status: 422,
    exit: 1,
    title: 'The query took longer than it may',
    advice:
      'Ask for less: fewer days (a condition on dt), fewer columns, or a roll-up such as warehouse.ad_hours.',
  },
  overloaded: {
    status: 429,
    exit: 1,
    title: 'The region is taking in all it can',
    advice: 'Send the same request again after the time in Retry-After; nothing of it was counted.',
  },
  rate_limited: {
    status: 429,
    exit: 1,
    title: 'Too many requests',
    advice: 'Send the same request again after the time in Retry-After, and fewer, larger ones.',
  },
  internal: {
    status: 500,
    exit: 1,
    title: 'Something unexpected went wrong',
    advice: 'Send the same request again; report the request id if it stays.',
  },
  stopping: {
    status: 503,
    exit: 1,
    title: 'The region is stopping',
    advice: 'Send the same request again to the region once it is back, or to the other region.',
  },
  capacity: {
    status: 503,
    exit: 1,
    title: 'A limit of this region is reached',
    advice: 'Raise the limit the detail names (docs/reference/config.md) or give the region more memory.',
  },
  reporting_unavailable: {
    status: 503,
    exit: 1,
    title: 'The reporting store is not at hand',
    advice: 'Ask again in a few seconds; if it stays so, GET /v1/reports/status says why.',
  },
  store_failed: {
    status: 500,
    exit: 1,
    title: 'The store was not brought to what it should be',
    advice: 'Do what the detail says; what was there before is still there.',
  },
  disk_failed: {
    status: 503,
    exit: 5,
    title: 'The disk refused a write',
    advice: 'Mend the disk (space, health, rights) and start again: everything acknowledged is kept.',
  },
  config_invalid: {
    status: 500,
    exit: 2,
    title: 'The configuration is not valid',
    advice: 'Correct the value that the detail names; see docs/reference/config.md.',
  },
  usage: { status: 400, exit: 2, title: 'The command is not understood', advice: 'See "adtally help".' },
  data_locked: {
    status: 503,
    exit: 3,
    title: 'Another process uses this data directory',
    advice: 'Stop that process, or give this one a directory of its own.',
  },
  data_corrupt: {
    status: 503,
    exit: 4,
    title: 'Stored bytes are damaged',
    advice:
      'Nothing damaged was counted. Restore the file that the detail names from a copy, then start again.',
  },
  data_format: {
    status: 503,
    exit: 4,
    title: 'A file has a format this version does not know',
    advice: 'Start the version of adtally that wrote it, or give this one another directory.',
  },
  audit_mismatch: {
    status: 500,
    exit: 6,
    title: 'The recount differs from the figures served',
    advice: 'Keep the data directory as it is and report this with the output of "adtally audit --json".',
  },
  unreachable: {
    status: 503,
    exit: 7,
    title: 'The region does not answer',
    advice: 'Start it with "adtally start", or name its address with --url.',
  },
  kafka_unreachable: {
    status: 503,
    exit: 7,
    title: 'Kafka does not do what it was asked in time',
    advice:
      'Send the same request again after the time in Retry-After: what Kafka has of it already is found to be a duplicate.',
  },
  kafka_fenced: {
    status: 503,
    exit: 7,
    title: 'Another process has taken over',
    advice: 'Leave the work to the process that took over, or stop that one and start this one again.',
  },
  cluster_unreachable: {
    status: 503,
    exit: 7,
    title: 'A server of the cluster does not answer',
    advice: 'Start it, or correct its address; what was applied before stays as it is.',
  },
  job_failed: {
    status: 500,
    exit: 1,
    title: 'A job of the cluster cannot be run',
    advice: 'Do what the detail says, then apply again: what is running already is left alone.',
  },
  artifact_unreachable: {
    status: 503,
    exit: 1,
    title: 'A part of the local cluster cannot be fetched',
    advice:
      'Check the network, and that "mvn" and "pip" work here, or name mirrors in ADTALLY_MAVEN_URL and ADTALLY_PYPI_URL; the same command again goes on from there.',
  },
  artifact_invalid: {
    status: 502,
    exit: 1,
    title: 'What was fetched is not what the lock names',
    advice:
      'Nothing of it was kept. Fetch again; if it stays so, the source that the detail names changes its files: use another.',
  },
  cluster_preflight: {
    status: 503,
    exit: 2,
    title: 'This machine cannot run the cluster as asked',
    advice: 'Do what the detail says and start it again: nothing was started yet.',
  },
  cluster_failed: {
    status: 503,
    exit: 7,
    title: 'The cluster is not up',
    advice:
      'See "adtally cluster logs NAME", mend it and start it again: what runs already is left alone. "adtally cluster down" stops it.',
  },
  import_failed: {
    status: 400,
    exit: 2,
    title: 'The file cannot be imported',
    advice:
      'Correct the file or the mapping at the place the detail names; run the same command again to resume.',
  },
} as const satisfies Record<string, ErrorKind>;

interface ErrorKind {
  readonly status: number;
  readonly exit: number;
  readonly title: string;
  readonly advice: string;
}

export type ErrorCode = keyof typeof ERRORS;

/** An expected failure: `code` from ERRORS, `message` says what happened and to what. */
export class AdtallyError extends Error {
  override readonly name = 'AdtallyError';
  readonly code: ErrorCode;
  /** Seconds after which a retry makes sense, for `overloaded` and `rate_limited`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code];
  }
}
