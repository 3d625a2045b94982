import { AdtallyError, ERRORS, type ErrorCode } from '../base/errors.ts';
import { parseExactJson } from './exact-answer.ts';
import { askRegion, type RequestFailure } from './region-request.ts';

export interface RegionClientOptions {
  /** Where the region listens: "http://127.0.0.1:7070". */
  readonly url: string;
  readonly key?: string | undefined;
  /** Longest wait for one answer, ms. */
  readonly timeoutMs?: number;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** Asks one region over HTTP. Every failure is an AdtallyError with the region's own code, or `unreachable`. */
export class RegionClient {
  readonly url: string;
  readonly #key: string | undefined;
  readonly #timeoutMs: number;

  constructor(options: RegionClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#key = options.key;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
  }

  /** The JSON at `path`; whole numbers past 2^53 come as bigint. */
  async get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return readAnswer(await this.getBytes(path, query)) as Answer;
  }

  async getBytes(path: string, query: Query = {}): Promise<Uint8Array> {
    const parameters = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    );
    return this.#ask('GET', parameters.length === 0 ? path : `${path}?${parameters.join('&')}`);
  }

  async post<Answer>(path: string, body?: unknown): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return readAnswer(await this.#ask('POST', path, text)) as Answer;
  }

  async put<Answer>(path: string, body: unknown): Promise<Answer> {
    return readAnswer(await this.#ask('PUT', path, JSON.stringify(body))) as Answer;
  }

  async #ask(method: string, path: string, body?: string): Promise<Uint8Array> {
    const request = { method, path, timeoutMs: this.#timeoutMs, ...(body === undefined ? {} : { body }) };
    const result = await askRegion({ url: this.url, key: this.#key }, request);
    if (!result.ok) throw errorOf(result);
    return result.bytes;
  }
}

/** What failed, as an error of adtally. */
export function errorOf({ code, message, cause }: RequestFailure): AdtallyError {
  if (cause !== undefined) return new AdtallyError('unreachable', message, { cause });
  return new AdtallyError(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal', message);
}

function readAnswer(bytes: Uint8Array): unknown {
  return parseExactJson(new TextDecoder().decode(bytes));
}
