import { readFile } from 'node:fs/promises';
import { assert } from '../../base/assert.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { OrderService, OrderServiceAnswer, OrderServiceFailure } from '../../enrichment/ports.ts';
import { readDetails } from './order-details.ts';

export interface HttpOrderServiceOptions {
  /** Base of the service, http or https, without credentials, query and fragment. */
  readonly url: string;
  /** Sent as a bearer token, to this service only. */
  readonly token?: string | undefined;
  /** Longest wait for an answer, its body included, ms. */
  readonly timeoutMs: number;
  /** Largest body that is read, after decompression. */
  readonly responseBytes: number;
}

/** 408 and its like: the service may say something else in a moment. Every status from 500 on is such a one, too. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** The token in a file of one line. Throws AdtallyError config_invalid when there is none; its message never holds the token. */
export async function readToken(path: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new AdtallyError('config_invalid', `enrichment.tokenFile ${path} cannot be read.`, { cause });
  }
  // A header holds nothing else, and every question would fail for a reason that is hard to see.
  if (!/^[!-~]+$/.test(token)) {
    throw new AdtallyError(
      'config_invalid',
      `enrichment.tokenFile ${path} does not hold one token and nothing else.`,
    );
  }
  return token;
}

/**
 * Asks an order service over HTTP: GET URL/orders/ID, and nothing else anywhere. Redirects are not followed, bodies are read up
 * to a limit, connections are kept.
 */
export class HttpOrderService implements OrderService {
  readonly #options: HttpOrderServiceOptions;
  /** Without a slash at its end. */
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: HttpOrderServiceOptions) {
    const { protocol, origin, pathname } = new URL(options.url);
    assert(protocol === 'http:' || protocol === 'https:', `an order service is asked over ${protocol}`);
    this.#options = options;
    this.#base = origin + pathname.replace(/\/+$/, '');
    const authorization = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    this.#headers = { accept: 'application/json', ...authorization };
  }

  async fetchOrder(orderId: string, signal: AbortSignal): Promise<OrderServiceAnswer> {
    if (!isAddressable(orderId)) return failure('not_found', false, 'The order id cannot stand in a URL.');
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    const enough = new AbortController();
    try {
      const response = await fetch(`${this.#base}/orders/${encodeURIComponent(orderId)}`, {
        redirect: 'manual',
        headers: this.#headers,
        signal: AbortSignal.any([signal, timeout, enough.signal]),
      });
      const body = await readBody(response, this.#options.responseBytes);
      return judge(response, body);
    } catch (cause) {
      if (!timeout.aborted) return failure('unreachable', true, `No answer: ${faultOf(cause)}.`);
      return failure('timeout', true, `No whole answer within ${this.#options.timeoutMs} ms.`);
    } finally {
      // Drops the connection when the body was not read to its end; a connection that is free again is kept.
      enough.abort();
    }
  }
}

/** URLs resolve dots, whether escaped or not, and would name something else. */
function isAddressable(orderId: string): boolean {
  return !['', '.', '..'].includes(orderId) && orderId.isWellFormed();
}

/** The body; undefined when it is larger than `bytesMax`. */
async function readBody(response: Response, bytesMax: number): Promise<Uint8Array | undefined> {
  if (Number(response.headers.get('content-length') ?? 0) > bytesMax) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function judge(response: Response, body: Uint8Array | undefined): OrderServiceAnswer {
  const { status, headers } = response;
  if (status >= 300 && status < 400)
    return failure('redirect', false, `The answer is ${status}: redirects are not followed.`);
  if (status === 404 || status === 410)
    return failure('not_found', true, `The answer is ${status}: the service does not know the order.`);
  if (status !== 200) {
    const mayPass = status >= 500 || PASSING_STATUSES.has(status);
    return failure('bad_status', mayPass, `The answer is ${status}.`);
  }
  if (body === undefined) return failure('too_large', false, 'The answer is larger than responseBytes.');
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(headers.get('content-type') ?? ''))
    return failure('bad_shape', false, 'The content type of the answer is not JSON.');
  const reading = readDetails(body);
  if (!reading.ok) return failure(reading.reason, false, reading.detail);
  return { ok: true, enrichment: reading.details };
}

function failure(reason: OrderServiceFailure, retryable: boolean, detail: string): OrderServiceAnswer {
  return { ok: false, reason, retryable, detail };
}

/** The code of the innermost cause: fetch() itself says only "fetch failed". */
function faultOf(cause: unknown): string {
  let error = cause as Error & { code?: unknown };
  while (error.cause instanceof Error) error = error.cause;
  return typeof error.code === 'string' ? error.code : error.name;
}
