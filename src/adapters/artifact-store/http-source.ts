import { open, rm, truncate, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../../base/backoff.ts';
import { AdtallyError } from '../../base/errors.ts';
import { MIB, SECOND_MS } from '../../base/units.ts';
import type { LockedFile } from './artifact-lock.ts';
import { checkFile, sizeOf } from './stored-file.ts';

const ATTEMPTS = 5;
/** A source that breaks off after so much is worth as many attempts again. */
const PROGRESS_BYTES = MIB;
const FIRST_PAUSE_MS = 300;
/** A source that sends nothing for so long is asked again. */
const SILENCE_MS_MAX = 60 * SECOND_MS;

/** A failure that may be over at the next attempt. */
class PassingFault extends Error {}

export interface Download {
  readonly url: string;
  readonly file: LockedFile;
  /** Where the bytes go; what is there already is gone on with. */
  readonly part: string;
  readonly signal: AbortSignal;
  /** Hears how many bytes of the file are there. */
  readonly onBytes: (bytes: number) => void;
  readonly silenceMs?: number;
}

/**
 * Fetches a file over HTTP until `part` holds all of it, checked. Throws AdtallyError artifact_unreachable or artifact_invalid;
 * the part stays in the first case.
 */
export async function download(request: Download): Promise<void> {
  const { url, file, part, signal } = request;
  for (let attempt = 1; ; attempt++) {
    const had = (await sizeOf(part)) ?? 0;
    try {
      const resumed = await receive(request);
      if (await isRight(part, file, url, resumed)) return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PassingFault)) throw error;
      if (((await sizeOf(part)) ?? 0) >= had + PROGRESS_BYTES) attempt = 1;
      if (attempt >= ATTEMPTS) throw unreachable(url, error);
      await sleep(backoffMs(attempt, FIRST_PAUSE_MS, Math.random()), undefined, { signal });
    }
  }
}

/** False when bytes of an earlier time may be at fault, which are thrown away. */
async function isRight(part: string, file: LockedFile, url: string, resumed: boolean): Promise<boolean> {
  try {
    await checkFile(part, file, url);
    return true;
  } catch (error) {
    await rm(part, { force: true });
    if (resumed) return false;
    throw error;
  }
}

/** Resolves with whether the first bytes had been there before. */
async function receive(request: Download): Promise<boolean> {
  const { url, file, part, onBytes, silenceMs = SILENCE_MS_MAX } = request;
  const had = (await sizeOf(part)) ?? 0;
  if (had === file.bytes) return true;
  const begun = had < file.bytes ? had : 0;
  const silence = new AbortController();
  const watch = setTimeout(() => silence.abort(new Error('it went silent')), silenceMs);
  try {
    const response = await ask(url, begun, AbortSignal.any([request.signal, silence.signal]));
    // Who does not know ranges sends the whole file.
    const from = response.status === 206 ? begun : 0;
    await write(response, part, from, file.bytes, (bytes) => {
      watch.refresh();
      onBytes(bytes);
    });
    return from > 0;
  } finally {
    clearTimeout(watch);
  }
}

async function ask(url: string, begun: number, signal: AbortSignal): Promise<Response> {
  const headers = { 'accept-encoding': 'identity', ...(begun > 0 ? { range: `bytes=${begun}-` } : {}) };
  let response: Response;
  try {
    response = await fetch(url, { headers, signal });
  } catch (error) {
    throw passing(error);
  }
  const { status } = response;
  const isRange = status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${begun}-`);
  if (status === 200 || isRange === true) return response;
  await response.body?.cancel();
  if (status >= 500 || [206, 408, 416, 429].includes(status)) throw new PassingFault(`it answers ${status}`);
  throw unreachable(url, new Error(`it answers ${status}`));
}

/** Appends the body at `from`; no more than `size` bytes in all. */
async function write(
  response: Response,
  part: string,
  from: number,
  size: number,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let written = from;
  const out = await openAt(part, from);
  try {
    for await (const chunk of chunks(response)) {
      await out.appendFile(chunk);
      written += chunk.length;
      onBytes(written);
      if (written > size) return;
    }
  } finally {
    await out.close();
  }
  if (written < size) throw new PassingFault(`it sent ${written} bytes of ${size}`);
}

async function openAt(part: string, from: number): Promise<FileHandle> {
  if (from > 0) await truncate(part, from);
  return open(part, from > 0 ? 'a' : 'w');
}

async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body ?? [];
  } catch (error) {
    throw passing(error);
  }
}

/** What `fetch` throws says little itself; its cause is what happened. */
function passing(error: unknown): PassingFault {
  const { message, cause } = error as Error;
  return new PassingFault(cause instanceof Error ? cause.message || String(cause) : message, {
    cause: error,
  });
}

function unreachable(url: string, error: Error): AdtallyError {
  return new AdtallyError('artifact_unreachable', `${url} cannot be fetched: ${error.message}.`, {
    cause: error,
  });
}
