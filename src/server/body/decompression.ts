import { promisify } from 'node:util';
import { constants, gunzip, zstdDecompress, type ZlibOptions } from 'node:zlib';
import { AdtallyError } from '../../base/errors.ts';
import { MIB } from '../../base/units.ts';

/** How a body is compressed, after the aliases of Content-Encoding. */
export type Encoding = 'identity' | 'gzip' | 'zstd';

/** At most this many at a time: they run on the thread pool that the disk's syncs need too. */
const AT_A_TIME = 2;

/** zstd: the largest window of a frame, 2^23 = 8 MiB (RFC 9659); a frame may ask for gigabytes. */
const ZSTD_WINDOW_LOG_MAX = 23;

const unzip = promisify(gunzip) as (bytes: Uint8Array, options: ZlibOptions) => Promise<unknown>;
const unzstd = promisify(zstdDecompress);

/** Decompresses bodies, few at a time and never past `bytesMax`, whatever a body would grow to. */
export class Decompression {
  private readonly bytesMax: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Throws AdtallyError: too_large past `bytesMax`; bad_encoding for damaged, cut off or trailing bytes. */
  async run(bytes: Uint8Array, encoding: Exclude<Encoding, 'identity'>): Promise<Uint8Array> {
    await this.enter();
    try {
      return await (encoding === 'gzip' ? this.fromGzip(bytes) : this.fromZstd(bytes));
    } catch (error) {
      throw this.expected(error, encoding);
    } finally {
      this.leave();
    }
  }

  private async fromGzip(bytes: Uint8Array): Promise<Uint8Array> {
    const options = { maxOutputLength: this.bytesMax, chunkSize: chunkSize(bytes), info: true };
    const { buffer, engine } = (await unzip(bytes, options)) as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    // zlib takes zero bytes after the stream for padding and says nothing.
    if (engine.bytesWritten !== bytes.length) throw new AdtallyError('bad_encoding', trailing('gzip'));
    return buffer;
  }

  private fromZstd(bytes: Uint8Array): Promise<Uint8Array> {
    return unzstd(bytes, {
      maxOutputLength: this.bytesMax,
      chunkSize: chunkSize(bytes),
      rejectGarbageAfterEnd: true,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
    });
  }

  private expected(error: unknown, encoding: string): AdtallyError {
    if (error instanceof AdtallyError) return error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      return new AdtallyError('too_large', `The body decompresses to more than ${this.bytesMax} bytes.`);
    }
    if (code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END')
      return new AdtallyError('bad_encoding', trailing(encoding));
    return new AdtallyError('bad_encoding', `The body is not valid ${encoding}: ${message}.`, {
      cause: error,
    });
  }

  private enter(): Promise<void> {
    if (this.running < AT_A_TIME) {
      this.running++;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running--;
    else next();
  }
}

/** Output is grown by this much a step: JSON shrinks about tenfold. */
function chunkSize(bytes: Uint8Array): number {
  return Math.min(MIB, Math.max(16 * 1024, bytes.length * 8));
}

function trailing(encoding: string): string {
  return `Bytes stand after the end of the ${encoding} stream.`;
}
