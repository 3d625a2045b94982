import { assert } from '../../base/assert.ts';
import { AdtallyError, ERRORS, type ErrorCode } from '../../base/errors.ts';
import { MIB, SECOND_MS } from '../../base/units.ts';

/** A page of ten thousand records has three to ten million bytes. */
const ANSWER_BYTES_MAX = 64 * MIB;
const TIMEOUT_MS = 20 * SECOND_MS;

export interface RegionReaderOptions {
  /** Base of the region: "http://127.0.0.1:7070". */
  readonly url: string;
  /** Key or shared secret, sent as a bearer token. */
  readonly secret?: string | undefined;
  /** Longest wait for an answer beyond what was asked for, its body included, ms. */
  readonly timeoutMs?: number;
  readonly answerBytesMax?: number;
}

/**
 * Reads JSON from a region over HTTP. Connections are kept, redirects not followed, bodies read up to a limit. Every failure is
 * an AdtallyError: the region's own code where it sent a problem, else `unreachable`.
 */
export class RegionReader {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #bytesMax: number;

  constructor({ url, secret, timeoutMs, answerBytesMax }: RegionReaderOptions) {
    assert(/^https?:$/.test(new URL(url).protocol), 'a region is asked over HTTP');
    this.url = url.replace(/\/+$/, '');
    const authorization = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    this.#headers = { accept: 'application/json', ...authorization };
    this.#timeoutMs = timeoutMs ?? TIMEOUT_MS;
    this.#bytesMax = answerBytesMax ?? ANSWER_BYTES_MAX;
  }

  /** The value at `path`, which may take `waitMs` to come. */
  async read(path: string, waitMs: number, stop: AbortSignal): Promise<unknown> {
    const enough = new AbortController();
    const timeout = AbortSignal.timeout(waitMs + this.#timeoutMs);
    try {
      const response = await fetch(this.url + path, {
        redirect: 'manual',
        headers: this.#headers,
        signal: AbortSignal.any([stop, timeout, enough.signal]),
      });
      const body = await this.#body(response);
      if (response.status !== 200) throw this.#refusal(response.status, body);
      return this.#parse(body);
    } catch (cause) {
      if (cause instanceof AdtallyError) throw cause;
      const reason = timeout.aborted ? 'no whole answer came in time' : faultOf(cause);
      throw new AdtallyError('unreachable', `${this.url} does not answer: ${reason}.`, { cause });
    } finally {
      // Drops the connection when the body was not read to its end; one that is free again is kept.
      enough.abort();
    }
  }

  /** An answer of this region that is not what was asked for. */
  strange(what: string): AdtallyError {
    return new AdtallyError('unreachable', `${this.url} does not answer as a region does: ${what}.`);
  }

  async #body(response: Response): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > this.#bytesMax) throw this.strange(`the answer has more than ${this.#bytesMax} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #parse(body: Buffer): unknown {
    try {
      return JSON.parse(body.toString());
    } catch {
      throw this.strange('the answer is not JSON');
    }
  }

  /** The region's own words where it sent a problem (RFC 9457). */
  #refusal(status: number, body: Buffer): AdtallyError {
    try {
      const { code, detail } = JSON.parse(body.toString()) as { code?: unknown; detail?: unknown };
      if (typeof code === 'string' && typeof detail === 'string' && Object.hasOwn(ERRORS, code)) {
        return new AdtallyError(code as ErrorCode, `${this.url}: ${detail}`);
      }
    } catch {
      // Not a problem of a region: its status says what there is to say.
    }
    return this.strange(`the status is ${status}`);
  }
}

/** The innermost cause: fetch() itself says only "fetch failed". */
function faultOf(cause: unknown): string {
  let error = cause as Error & { code?: unknown };
  while (error.cause instanceof Error) error = error.cause;
  if (error.code === 'ECONNREFUSED') return 'nothing listens there';
  if (error.name === 'AbortError') return 'the request was ended';
  return error.message === '' ? error.name : error.message;
}
