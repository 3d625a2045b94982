import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { PeerSource } from '../../embedded/peer/peer-puller.ts';
import { PEER_PAGE_TYPE, type PeerPosition } from '../../embedded/ports.ts';

const decompress = promisify(zstdDecompress);
/** Time that an answer may take beyond what it was asked to wait, ms. */
const ANSWER_MS = 30 * SECOND_MS;
/** A page holds whole blocks, and the largest one is not much larger than the largest request. */
const PAGE_BYTES_MAX = 256 << 20;
const ERROR_TEXT_MAX = 300;

/** The other region, asked over HTTP: `GET URL/v1/peer/page`, and nothing else anywhere. */
export class HttpPeerRegion implements PeerSource {
  /** Without a slash at its end. */
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** `secret` is what both regions share; without it the peer answers where it has no keys. */
  constructor(url: string, secret: string | undefined) {
    this.#url = url.replace(/\/+$/, '');
    const authorization = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    this.#headers = { accept: PEER_PAGE_TYPE, ...authorization };
  }

  async next({ data, block }: PeerPosition, waitMs: number, stop: AbortSignal): Promise<Uint8Array> {
    const query = new URLSearchParams({ block: String(block), waitMs: String(waitMs) });
    if (data !== '') query.set('data', data);
    const response = await this.#ask(`/v1/peer/page?${query}`, waitMs, stop);
    const body = Buffer.from(await response.arrayBuffer());
    if (response.status !== 200 || response.headers.get('content-type') !== PEER_PAGE_TYPE) {
      const text = body.toString('utf8', 0, ERROR_TEXT_MAX);
      throw new AdtallyError('unreachable', `${this.#url} answers ${response.status}: ${text}`);
    }
    return decompress(body, { maxOutputLength: PAGE_BYTES_MAX }).catch((cause: Error) => {
      throw new AdtallyError('unreachable', `${this.#url} sent what is no page: ${cause.message}.`, {
        cause,
      });
    });
  }

  async #ask(path: string, waitMs: number, stop: AbortSignal): Promise<Response> {
    try {
      return await fetch(this.#url + path, {
        redirect: 'manual',
        headers: this.#headers,
        signal: AbortSignal.any([stop, AbortSignal.timeout(waitMs + ANSWER_MS)]),
      });
    } catch (cause) {
      const { message } = ((cause as Error).cause ?? cause) as Error;
      throw new AdtallyError('unreachable', `${this.#url} does not answer: ${message}.`, { cause });
    }
  }
}
