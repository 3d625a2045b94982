import { AdtallyError } from '../../base/errors.ts';
import type { Disk } from '../ports.ts';
import {
  BLOCK_HEADER_BYTES,
  blockKey,
  decodeBlockHeader,
  decodeEntries,
  findBlockHeader,
  payloadIsIntact,
} from './block.ts';
import type { LoggedEntry } from './entry.ts';
import {
  checkSegmentHeader,
  LOG_DIRECTORY,
  SEGMENT_HEADER_BYTES,
  segmentOfName,
  segmentPath,
} from './segment.ts';

export interface LogBlock {
  readonly number: number;
  readonly entries: readonly LoggedEntry[];
}

/** Where the log ends, and what was found behind its end. */
export interface LogEnd {
  /** First block of the last segment; undefined when the log has none. */
  segment: number | undefined;
  /** Size of the last segment up to its last whole block. */
  segmentBytes: number;
  /** Number of the last block. */
  block: number;
  /** The last block's bytes, or the last segment's header when it has no block: all that may not be durable yet. */
  unsynced: Uint8Array;
  /** Bytes of a torn, never acknowledged write behind it. */
  tornBytes: number;
  /** Segments, oldest first, with the arrival of their last entry. */
  segments: { first: number; bytes: number; lastArrival: number }[];
}

/**
 * Reads the log from block `from` on, oldest first; returns where it ends. Throws data_corrupt when damage is found that a
 * torn, unacknowledged write cannot explain: nothing behind it is delivered.
 */
export async function* readLog(
  disk: Disk,
  dataId: Uint8Array,
  from: number,
): AsyncGenerator<LogBlock, LogEnd> {
  const segments = await listSegments(disk);
  const end: LogEnd = {
    segment: undefined,
    segmentBytes: 0,
    block: from - 1,
    unsynced: new Uint8Array(0),
    tornBytes: 0,
    segments: [],
  };
  if (segments.length > 0 && segments[0] > from) {
    throw new AdtallyError(
      'data_corrupt',
      `Block ${from} of the log is missing: the oldest segment begins with ${segments[0]}.`,
    );
  }
  for (const [index, first] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && next <= from) {
      end.segments.push({ first, bytes: (await disk.size(segmentPath(first))) ?? 0, lastArrival: 0 });
      continue;
    }
    yield* readSegment(disk, dataId, { first, from, isLast: next === undefined }, end);
    if (next !== undefined && end.block + 1 !== next) {
      throw corrupt(
        first,
        end.segmentBytes,
        `the next segment begins with block ${next}, not ${end.block + 1}`,
      );
    }
  }
  return end;
}

/** First blocks of the segments on the disk, oldest first. */
export async function listSegments(disk: Disk): Promise<number[]> {
  const names = await disk.list(LOG_DIRECTORY);
  return names.map(segmentOfName).filter((first) => first !== undefined);
}

async function* readSegment(
  disk: Disk,
  dataId: Uint8Array,
  { first, from, isLast }: { first: number; from: number; isLast: boolean },
  end: LogEnd,
): AsyncGenerator<LogBlock> {
  const bytes = await readFile(disk, segmentPath(first));
  const key = blockKey(dataId);
  if (!checkSegmentHeader(bytes, dataId, first)) {
    if (!isLast || findBlockHeader(bytes, 0, key) !== -1) throw corrupt(first, 0, 'its header is damaged');
    // The crash came while this segment was made: it holds nothing yet.
    Object.assign(end, { segment: first, segmentBytes: 0, tornBytes: bytes.length, block: first - 1 });
    return;
  }
  const segment = { first, bytes: bytes.length, lastArrival: 0 };
  end.segments.push(segment);
  end.segment = first;
  let at = SEGMENT_HEADER_BYTES;
  let lastAt = 0;
  let number = first;
  for (;;) {
    const header = decodeBlockHeader(bytes, at, key);
    if (header === undefined || header.number !== number || !payloadIsIntact(bytes, at, header)) break;
    const entries = decodeEntries(bytes, at + BLOCK_HEADER_BYTES, header).map(
      ({ kind, arrival, body, bodyAt }) => ({ kind, arrival, body, segment: first, offset: bodyAt }),
    );
    lastAt = at;
    at += BLOCK_HEADER_BYTES + header.payloadBytes;
    end.block = number;
    end.segmentBytes = at;
    segment.lastArrival = entries.reduce((last, { arrival }) => Math.max(last, arrival), segment.lastArrival);
    if (number >= from) yield { number, entries };
    number++;
  }
  end.block = number - 1;
  end.segmentBytes = at;
  end.unsynced = bytes.slice(lastAt, at);
  end.tornBytes = bytes.length - at;
  if (end.tornBytes > 0) refuseDamage(bytes, { first, at, number, isLast, key });
}

/** Throws unless what stands at `at` can be a write of block `number` that was torn before it was acknowledged. */
function refuseDamage(
  bytes: Uint8Array,
  {
    first,
    at,
    number,
    isLast,
    key,
  }: { first: number; at: number; number: number; isLast: boolean; key: number },
): void {
  if (!isLast) throw corrupt(first, at, `block ${number} is damaged`);
  for (
    let found = findBlockHeader(bytes, at, key);
    found !== -1;
    found = findBlockHeader(bytes, found + 1, key)
  ) {
    if (decodeBlockHeader(bytes, found, key)!.number > number) {
      throw corrupt(
        first,
        at,
        `block ${number} is damaged, though the blocks behind it prove it was acknowledged`,
      );
    }
  }
}

/** The whole content of a file. */
export async function readFile(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.openRead(path);
  try {
    const bytes = new Uint8Array((await disk.size(path)) ?? 0);
    const count = await file.read(bytes, 0);
    return bytes.subarray(0, count);
  } finally {
    await file.close();
  }
}

function corrupt(first: number, at: number, what: string): AdtallyError {
  return new AdtallyError('data_corrupt', `${segmentPath(first)} at byte ${at}: ${what}.`);
}
