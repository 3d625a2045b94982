import { crc32 } from '../../base/checksum.ts';
import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { TOUCH_WORDS_MAX } from './touch-row.ts';
import { assert } from '../../base/assert.ts';

/**
 * A run is a file of touches sorted by user hash, then by time: a header (u32 magic, u32 CRC, u32 length, JSON), then blocks,
 * then the first user hash of each block as u32. A block has a CRC of the rest, the number of its words in use, and rows.
 */
export const TOUCH_DIRECTORY = 'touches';
const RUN_FORMAT = 1;
const MAGIC = 0x31525441; // "ATR1"
export const HEADER_BYTES = 4096;
const JSON_START = 12;
export const BLOCK_BYTES = 2048;
export const BLOCK_WORDS = BLOCK_BYTES / 4;
/** Words of a block: its CRC, how many are in use (these included), then the rows. */
export const BLOCK_CRC = 0;
export const BLOCK_USED = 1;
export const FIRST_ROW = 2;
assert(FIRST_ROW + TOUCH_WORDS_MAX <= BLOCK_WORDS, 'every row fits a block');

export interface RunHeader {
  /** Of the directory that the file belongs to, hex. */
  readonly dataId: string;
  readonly blocks: number;
  readonly touches: number;
  /** Event times of its touches, Unix ms. */
  readonly oldest: UnixMs;
  readonly newest: UnixMs;
  readonly indexCrc: number;
}

export function touchRunPath(name: string): string {
  return `${TOUCH_DIRECTORY}/${name}`;
}

export function encodeRunHeader(header: RunHeader): Uint8Array {
  const json = Buffer.from(JSON.stringify({ format: RUN_FORMAT, ...header }));
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(json.length, 8);
  json.copy(bytes, JSON_START);
  bytes.writeUInt32LE(crc32(bytes.subarray(8, JSON_START + json.length)), 4);
  return bytes;
}

/** What the first HEADER_BYTES of a run say. Throws data_corrupt or data_format. */
export function decodeRunHeader(bytes: Buffer, name: string): RunHeader {
  const end = JSON_START + bytes.readUInt32LE(8);
  const isSound =
    bytes.readUInt32LE(0) === MAGIC &&
    end <= HEADER_BYTES &&
    crc32(bytes.subarray(8, end)) === bytes.readUInt32LE(4);
  if (!isSound) throw damagedRun(name, 'its header is damaged');
  const header = JSON.parse(bytes.toString('utf8', JSON_START, end)) as RunHeader & { format: number };
  if (header.format === RUN_FORMAT) return header;
  throw new AdtallyError(
    'data_format',
    `${touchRunPath(name)} has format ${header.format}; this version reads ${RUN_FORMAT}.`,
  );
}

export function damagedRun(name: string, what: string): AdtallyError {
  return new AdtallyError('data_corrupt', `${touchRunPath(name)}: ${what}.`);
}
