/** Where a region listens, and the key it asks for: keys belong to a region. */
export interface RegionAddress {
  /** "http://127.0.0.1:7070"; in a page also a path of its own host. Nothing after it but /v1/… */
  readonly url: string;
  readonly key?: string | undefined;
}

export interface RegionRequest {
  readonly method: string;
  readonly path: string;
  /** Text is sent as JSON, bytes as NDJSON. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** Longest wait for the answer, ms. */
  readonly timeoutMs: number;
  /** In a page: the request outlives it. Browsers allow 64 KiB of such requests at a time. */
  readonly keepalive?: boolean;
}

/** Why there was no receipt. */
export interface RequestFailure {
  readonly ok: false;
  /**
   * `refused`: this region says no to this request, and would again; `overloaded`: it takes in all it can; `failed`: it
   * did not answer, or with a fault of its own.
   */
  readonly kind: 'refused' | 'overloaded' | 'failed';
  /** The region's own code, `unreachable` without an answer, `internal` for an answer that is not the region's. */
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
  /** What the region asked to wait, 0 when it did not say. */
  readonly retryAfterMs: number;
  /** Whether the region may have counted the request although it did not say so. */
  readonly answerLost: boolean;
  readonly cause: unknown;
}

export type RequestResult = { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> } | RequestFailure;

const RETRY_AFTER_SECONDS_MAX = 3600;

/** Asks a region once. Never rejects. */
export async function askRegion(address: RegionAddress, request: RegionRequest): Promise<RequestResult> {
  const { method, path, body, timeoutMs, keepalive = false } = request;
  try {
    const response = await fetch(address.url + path, {
      method,
      headers: requestHeaders(address.key, body),
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
      ...(keepalive ? { keepalive } : {}),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return response.ok ? { ok: true, bytes } : refusalOf(response, new TextDecoder().decode(bytes));
  } catch (cause) {
    return silenceOf(address.url, cause);
  }
}

function requestHeaders(
  key: string | undefined,
  body: string | Uint8Array | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined)
    headers['content-type'] = typeof body === 'string' ? 'application/json' : 'application/x-ndjson';
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  return headers;
}

/** The region's own words where it sent a problem (RFC 9457), else its status. */
function refusalOf(response: Response, text: string): RequestFailure {
  const { status, statusText } = response;
  const problem = readProblem(text);
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return {
    ok: false,
    kind: status === 429 ? 'overloaded' : status === 408 || status >= 500 ? 'failed' : 'refused',
    code: problem?.code ?? 'internal',
    status,
    message: problem?.detail ?? `The answer was ${status} ${statusText}`.trim(),
    retryAfterMs: seconds > 0 && seconds < RETRY_AFTER_SECONDS_MAX ? seconds * 1000 : 0,
    answerLost: status >= 500,
    cause: undefined,
  };
}

function readProblem(text: string): { readonly code: string; readonly detail: string } | undefined {
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
    return typeof code === 'string' && typeof detail === 'string' ? { code, detail } : undefined;
  } catch {
    return undefined;
  }
}

/** The failure of an answer that no region gives. */
export function strangeAnswer(url: string): RequestFailure {
  return {
    ok: false,
    kind: 'failed',
    code: 'internal',
    status: 200,
    message: `The answer of ${url} is not one of a region to this request.`,
    retryAfterMs: 0,
    answerLost: true,
    cause: undefined,
  };
}

function silenceOf(url: string, cause: unknown): RequestFailure {
  const { code, reason } = connectionFault(cause);
  return {
    ok: false,
    kind: 'failed',
    code: 'unreachable',
    status: undefined,
    message: `${url} does not answer: ${reason}.`,
    retryAfterMs: 0,
    answerLost: code !== 'ECONNREFUSED',
    cause,
  };
}

/** fetch() says only "fetch failed"; in Node, what failed stands in its causes. */
function connectionFault(cause: unknown): { readonly code: string | undefined; readonly reason: string } {
  let error: Error & { code?: string } = cause as Error;
  while (error.cause instanceof Error) error = error.cause;
  const code = typeof error.code === 'string' ? error.code : undefined;
  if (code === 'ECONNREFUSED') return { code, reason: 'nothing listens there' };
  if (error.name === 'TimeoutError') return { code, reason: 'no answer came in time' };
  return { code, reason: error.message === '' ? (code ?? error.name) : error.message };
}
