import { setTimeout as sleep } from 'node:timers/promises';
import { AdtallyError, ERRORS, type ErrorCode } from '../base/errors.ts';
import type { OrderReceipt } from '../model/order-receipt.ts';
import type { IngestReceipt } from '../model/verdict.ts';
import { parseExactJson } from './exact-answer.ts';
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from './retry.ts';

export interface RegionClientOptions {
  /** Where the region listens: "http://127.0.0.1:7070". */
  readonly url: string;
  readonly key?: string | undefined;
  readonly retry?: RetryPolicy;
  /** Longest wait for one answer, ms. */
  readonly timeoutMs?: number;
}

export interface Sent<Receipt> {
  readonly receipt: Receipt;
  /** How often the same bytes had to go out again. */
  readonly resends: number;
  /** Resends after which it is not known whether the region had counted already: it then says `duplicate`. */
  readonly answersLost: number;
}

/** One attempt that a later one may mend. */
interface Failure {
  readonly error: AdtallyError;
  readonly retryAfterMs: number;
  /** Whether the region may have counted the request although it did not say so. */
  readonly answerLost: boolean;
}

type Attempt = { readonly answer: Buffer } | Failure;
type Query = Readonly<Record<string, string | number | undefined>>;

/** Talks to one region over HTTP. Every failure is an AdtallyError with the region's own code, or `unreachable`. */
export class RegionClient {
  readonly url: string;
  readonly #key: string | undefined;
  readonly #retry: RetryPolicy;
  readonly #timeoutMs: number;

  constructor(options: RegionClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#key = options.key;
    this.#retry = options.retry ?? DEFAULT_RETRY;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
  }

  /**
   * Sends NDJSON until the region has answered: a lost connection, an overload and a restart of the region are waited out,
   * for the region counts the same event once however often it comes. `stop` ends the waiting, never a request under way.
   * Throws `unreachable` or the region's refusal.
   */
  sendEvents(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<IngestReceipt>> {
    return this.#send<IngestReceipt>('/v1/events', ndjson, stop);
  }

  /** The same for orders. */
  sendOrders(ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<OrderReceipt>> {
    return this.#send<OrderReceipt>('/v1/orders', ndjson, stop);
  }

  async #send<Receipt>(path: string, ndjson: Uint8Array, stop?: AbortSignal): Promise<Sent<Receipt>> {
    const body = ndjson.slice();
    const begun = performance.now();
    for (let resends = 0, answersLost = 0; ; resends++) {
      const attempt = await this.#attempt('POST', path, body);
      if ('answer' in attempt) {
        return { receipt: JSON.parse(attempt.answer.toString()) as Receipt, resends, answersLost };
      }
      if (attempt.answerLost) answersLost++;
      const delay = retryDelay(resends + 1, attempt.retryAfterMs, Math.random(), this.#retry);
      if (performance.now() - begun + delay > this.#retry.patienceMs) throw attempt.error;
      await sleep(delay, undefined, stop === undefined ? {} : { signal: stop }).catch(() => {
        throw attempt.error;
      });
    }
  }

  /** The JSON at `path`; whole numbers past 2^53 come as bigint. */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return parseExactJson((await this.getBytes(path, query)).toString()) as Answer;
  }

  async getBytes(path: string, query: Query = {}): Promise<Buffer> {
    const parameters = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    );
    return this.#once('GET', parameters.length === 0 ? path : `${path}?${parameters.join('&')}`);
  }

  async post<Answer>(path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return parseExactJson((await this.#once('POST', path, text)).toString()) as Answer;
  }

  async put<Answer>(path: string, body: unknown): Promise<Answer> {
    return parseExactJson((await this.#once('PUT', path, JSON.stringify(body))).toString()) as Answer;
  }

  async #once(method: string, path: string, body?: string): Promise<Buffer> {
    const attempt = await this.#attempt(method, path, body);
    if ('error' in attempt) throw attempt.error;
    return attempt.answer;
  }

  async #attempt(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Attempt> {
    let response: Response;
    let answer: Buffer;
    try {
      response = await fetch(this.url + path, {
        method,
        headers: this.#headers(body),
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      answer = Buffer.from(await response.arrayBuffer());
    } catch (cause) {
      return this.#unreachable(cause);
    }
    if (response.ok) return { answer };
    const failure = failureOf(response, answer.toString());
    if (response.status !== 408 && response.status !== 429 && response.status < 500) throw failure.error;
    return failure;
  }

  #headers(body: string | Uint8Array | undefined): Record<string, string> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined)
      headers['content-type'] = typeof body === 'string' ? 'application/json' : 'application/x-ndjson';
    if (this.#key !== undefined) headers['authorization'] = `Bearer ${this.#key}`;
    return headers;
  }

  #unreachable(cause: unknown): Failure {
    const { code, reason } = connectionFault(cause);
    const error = new AdtallyError('unreachable', `${this.url} does not answer: ${reason}.`, { cause });
    return { error, retryAfterMs: 0, answerLost: code !== 'ECONNREFUSED' };
  }
}

/** The region's own words where it sent a problem (RFC 9457), else its status. */
function failureOf(response: Response, text: string): Failure {
  const problem = readProblem(text);
  const detail = problem?.detail ?? `The answer was ${response.status} ${response.statusText}`.trim();
  const code =
    problem !== undefined && Object.hasOwn(ERRORS, problem.code) ? (problem.code as ErrorCode) : 'internal';
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return {
    error: new AdtallyError(code, detail),
    retryAfterMs: seconds > 0 && seconds < 3600 ? seconds * 1000 : 0,
    answerLost: response.status >= 500,
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

/** fetch() says only "fetch failed"; what failed stands in its causes. */
function connectionFault(cause: unknown): { readonly code: string | undefined; readonly reason: string } {
  let error: Error & { code?: string } = cause as Error;
  while (error.cause instanceof Error) error = error.cause;
  const code = typeof error.code === 'string' ? error.code : undefined;
  if (code === 'ECONNREFUSED') return { code, reason: 'nothing listens there' };
  if (error.name === 'TimeoutError') return { code, reason: 'no answer came in time' };
  return { code, reason: error.message === '' ? (code ?? error.name) : error.message };
}
