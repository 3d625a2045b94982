import { AdtallyError } from '../../base/errors.ts';
import { crc32 } from '../../base/checksum.ts';

/**
 * A segment is a file of the log: a header of 64 bytes, then blocks without gaps. Its name is the number of its first block.
 *
 *   0 "ADTALLY\n"   8 u32 format version   12 u32 CRC of 16–63   16 16 bytes data id   32 f64 first block   40–63 zero
 */
export const SEGMENT_HEADER_BYTES = 64;
const LOG_FORMAT_VERSION = 2;
export const LOG_DIRECTORY = 'log';

const MAGIC = Buffer.from('ADTALLY\n');

export function segmentPath(firstBlock: number): string {
  return `${LOG_DIRECTORY}/${String(firstBlock).padStart(16, '0')}.log`;
}

/** The first block of a segment's file name, or undefined for files that are no segments. */
export function segmentOfName(name: string): number | undefined {
  const match = /^(\d{16})\.log$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

export function encodeSegmentHeader(dataId: Uint8Array, firstBlock: number): Uint8Array {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(LOG_FORMAT_VERSION, 8);
  header.set(dataId, 16);
  header.writeDoubleLE(firstBlock, 32);
  header.writeUInt32LE(crc32(header.subarray(16)), 12);
  return header;
}

/**
 * Whether `bytes` begin with the header of this segment. False when they are damaged or cut short; throws AdtallyError when
 * they are whole but of another format version (data_format) or another data directory (data_corrupt).
 */
export function checkSegmentHeader(bytes: Uint8Array, dataId: Uint8Array, firstBlock: number): boolean {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.length < SEGMENT_HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC)) return false;
  if (header.readUInt32LE(12) !== crc32(header.subarray(16, SEGMENT_HEADER_BYTES))) return false;
  const version = header.readUInt32LE(8);
  if (version !== LOG_FORMAT_VERSION) {
    throw new AdtallyError(
      'data_format',
      `${segmentPath(firstBlock)} has log format ${version}; this version of adtally reads ${LOG_FORMAT_VERSION}.`,
    );
  }
  if (!header.subarray(16, 32).equals(dataId) || header.readDoubleLE(32) !== firstBlock) {
    throw new AdtallyError(
      'data_corrupt',
      `${segmentPath(firstBlock)} belongs to another data directory or was renamed.`,
    );
  }
  return true;
}
