import type { IncomingMessage, ServerResponse } from 'node:http';
import { AdtallyError } from '../../base/errors.ts';
import type { BodyFormat, Ingest } from '../../model/request/ingest.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { BodyBuffers } from './body-buffers.ts';
import { Decompression, type Encoding } from './decompression.ts';

const FORMATS: Readonly<Record<string, BodyFormat>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
};

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  '': 'identity',
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  zstd: 'zstd',
};

/** The layout that a Content-Type names. Throws AdtallyError unsupported_media_type. */
export function bodyFormat(contentType: string | undefined): BodyFormat {
  const [type, ...attributes] = (contentType ?? '').toLowerCase().split(';');
  const format = Object.hasOwn(FORMATS, type.trim()) ? FORMATS[type.trim()] : undefined;
  if (format === undefined) throw unsupported('Content-Type', contentType, Object.keys(FORMATS));
  const charset = attributes
    .map((attribute) => /^\s*charset="?([^"]*)"?\s*$/.exec(attribute)?.[1])
    .find(Boolean);
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw unsupported('charset', charset, ['utf-8']);
  }
  return format;
}

/** For a Content-Type that is none. */
export function malformedContentType(): AdtallyError {
  const allowed = Object.keys(FORMATS).join(', ');
  return new AdtallyError(
    'unsupported_media_type',
    `Content-Type is missing or malformed; allowed: ${allowed}.`,
  );
}

/** The compression that a Content-Encoding names. Throws AdtallyError unsupported_media_type. */
function bodyEncoding(contentEncoding: string | undefined): Encoding {
  const name = (contentEncoding ?? '').trim().toLowerCase();
  if (!Object.hasOwn(ENCODINGS, name)) {
    throw unsupported('Content-Encoding', contentEncoding, ['gzip', 'zstd', 'identity']);
  }
  return ENCODINGS[name];
}

/** What one request holds. */
interface Hold {
  bytes: number;
  /** Where its body was put together, when it came in pieces. */
  buffer?: Buffer;
}

/**
 * Takes in request bodies within the budget of pending bytes: what is held here and what has been accepted
 * but not answered, together. A body that would pass it is refused before it is read, where its length says so, and
 * otherwise as it comes; so slow clients hold what they have sent, never what they have announced.
 */
export class Intake {
  private readonly ingest: Pick<Ingest, 'pendingBytes'>;
  private readonly bytesMax: number;
  private readonly pendingMax: number;
  private readonly decompression: Decompression;
  private readonly buffers = new BodyBuffers();
  private held = 0;

  constructor(ingest: Pick<Ingest, 'pendingBytes'>, limits: PipelineSpec['limits']) {
    this.ingest = ingest;
    this.bytesMax = limits.bytesPerRequest;
    this.pendingMax = limits.pendingBytes;
    this.decompression = new Decompression(limits.bytesPerRequest);
  }

  /** Bytes of bodies held: those being received and those being decompressed. */
  get heldBytes(): number {
    return this.held;
  }

  /**
   * Reads the whole body and hands it to `use`; from then on its bytes are counted there. They are only valid until
   * what `use` gave has settled.
   * Throws AdtallyError: unsupported_media_type, too_large, overloaded, bad_encoding, request_timeout when it breaks off.
   */
  async take<Result>(
    request: IncomingMessage,
    response: ServerResponse,
    use: (bytes: Uint8Array) => Promise<Result>,
  ): Promise<Result> {
    const encoding = bodyEncoding(request.headers['content-encoding']);
    this.admit(request);
    if (request.headers.expect !== undefined) response.writeContinue();
    const hold: Hold = { bytes: 0 };
    try {
      return await this.use(request, encoding, hold, use);
    } finally {
      if (hold.buffer !== undefined) this.buffers.give(hold.buffer);
    }
  }

  private async use<Result>(
    request: IncomingMessage,
    encoding: Encoding,
    hold: Hold,
    use: (bytes: Uint8Array) => Promise<Result>,
  ): Promise<Result> {
    let using: Promise<Result>;
    try {
      let bytes: Uint8Array = await this.read(request, hold);
      if (encoding !== 'identity') bytes = await this.decompress(bytes, encoding, hold);
      using = use(bytes);
    } finally {
      this.grow(hold, -hold.bytes);
    }
    return using;
  }

  private admit(request: IncomingMessage): void {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > this.bytesMax) throw this.tooLarge();
    this.checkBudget(announced);
  }

  private checkBudget(moreBytes: number): void {
    const pending = this.held + this.ingest.pendingBytes();
    if (pending + moreBytes <= this.pendingMax) return;
    throw new AdtallyError(
      'overloaded',
      `${pending} bytes of requests wait for their answers; limits.pendingBytes is ${this.pendingMax}.`,
      { retryAfterSeconds: 1 },
    );
  }

  private grow(hold: Hold, bytes: number): void {
    hold.bytes += bytes;
    this.held += bytes;
  }

  private tooLarge(): AdtallyError {
    return new AdtallyError('too_large', `The body is larger than ${this.bytesMax} bytes.`);
  }

  private read(request: IncomingMessage, hold: Hold): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const onData = (chunk: Buffer): void => {
        this.grow(hold, chunk.length);
        chunks.push(chunk);
        try {
          if (hold.bytes > this.bytesMax) throw this.tooLarge();
          this.checkBudget(0);
        } catch (error) {
          request.off('data', onData).off('end', onEnd).pause();
          reject(error);
        }
      };
      const onEnd = (): void => resolve(chunks.length === 1 ? chunks[0] : this.join(chunks, hold));
      request.on('data', onData);
      request.once('end', onEnd);
      request.once('error', () =>
        reject(new AdtallyError('request_timeout', 'The connection ended before the whole body had come.')),
      );
    });
  }

  private join(chunks: readonly Buffer[], hold: Hold): Buffer {
    const buffer = this.buffers.take(hold.bytes);
    hold.buffer = buffer;
    let end = 0;
    for (const chunk of chunks) {
      buffer.set(chunk, end);
      end += chunk.length;
    }
    return buffer.subarray(0, end);
  }

  private async decompress(
    bytes: Uint8Array,
    encoding: Exclude<Encoding, 'identity'>,
    hold: Hold,
  ): Promise<Uint8Array> {
    const plain = await this.decompression.run(bytes, encoding);
    this.grow(hold, plain.length - bytes.length);
    this.checkBudget(0);
    return plain;
  }
}

function unsupported(header: string, value: string | undefined, allowed: readonly string[]): AdtallyError {
  const given = value === undefined ? 'missing' : JSON.stringify(value.slice(0, 80));
  return new AdtallyError('unsupported_media_type', `${header} is ${given}; allowed: ${allowed.join(', ')}.`);
}
