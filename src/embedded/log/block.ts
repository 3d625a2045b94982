import { assert } from '../../base/assert.ts';
import { crc32 } from '../../base/checksum.ts';
import { LAST_ENTRY_KIND, type Entry, type EntryKind } from './entry.ts';

/**
 * A block is one group commit: what reaches the disk, and counts, together.
 *
 *   header, 40 bytes, little endian                     entry, 16 bytes + body
 *     0 u32 magic        16 u32 payload bytes             0 u32 body bytes
 *     4 u32 CRC of 8–39  20 u32 CRC of the payload        4 u8  kind
 *     8 f64 block number 24 u32 entries                   5 3 × zero, 8 f64 arrival
 *                        28 u32 padding, 32–39 zero
 *
 * A large block ends where a page of the disk does, with zeros as padding, which are the end of its payload: so the next one
 * begins on a page, and can go to the disk without passing through the system's cache.
 *
 * Block n + 1 is only written once block n is known to be on stable storage. So a readable block proves that all before it
 * were durable: damage before it is corruption, damage with nothing after it is a write that was never acknowledged.
 * A block without entries is written when the region falls idle, to give the last acknowledged block that proof too.
 * The header's CRC begins with a key of the data directory, so that no body can hold what looks like a block.
 */
export const BLOCK_HEADER_BYTES = 40;
export const ENTRY_HEADER_BYTES = 16;
const MAGIC = 0x31425441; // "ATB1"
const PAGE_BYTES = 4096;
/** What padding adds to blocks from this size on is little. */
const LARGE_BLOCK_BYTES = 64 << 10;

export interface BlockHeader {
  readonly number: number;
  readonly payloadBytes: number;
  readonly payloadCrc: number;
  readonly entries: number;
  readonly paddingBytes: number;
}

/** Bytes that `entries` take up as a block that begins at `start` of its segment. */
export function blockBytes(entries: readonly Entry[], start: number): number {
  const bytes = entries.reduce((sum, { body }) => sum + ENTRY_HEADER_BYTES + body.length, BLOCK_HEADER_BYTES);
  return bytes < LARGE_BLOCK_BYTES ? bytes : Math.ceil((start + bytes) / PAGE_BYTES) * PAGE_BYTES - start;
}

/** The key of a data directory's blocks. */
export function blockKey(dataId: Uint8Array): number {
  return crc32(dataId);
}

/** Writes block `number` so that it fills `into`, which is as large as blockBytes says. */
export function encodeBlock(into: Uint8Array, number: number, entries: readonly Entry[], key: number): void {
  const view = viewOf(into);
  let end = BLOCK_HEADER_BYTES;
  for (const { kind, arrival, body } of entries) {
    view.setUint32(end, body.length, true);
    view.setUint32(end + 4, kind, true);
    view.setFloat64(end + 8, arrival, true);
    into.set(body, end + ENTRY_HEADER_BYTES);
    end += ENTRY_HEADER_BYTES + body.length;
  }
  into.fill(0, end);
  view.setUint32(0, MAGIC, true);
  view.setFloat64(8, number, true);
  view.setUint32(16, into.length - BLOCK_HEADER_BYTES, true);
  view.setUint32(20, crc32(into.subarray(BLOCK_HEADER_BYTES)), true);
  view.setUint32(24, entries.length, true);
  view.setUint32(28, into.length - end, true);
  into.fill(0, 32, BLOCK_HEADER_BYTES);
  view.setUint32(4, crc32(into.subarray(8, BLOCK_HEADER_BYTES), key), true);
}

/** The header at `at`, or undefined when the bytes there are none. */
export function decodeBlockHeader(bytes: Uint8Array, at: number, key: number): BlockHeader | undefined {
  if (at + BLOCK_HEADER_BYTES > bytes.length) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(at, true) !== MAGIC) return undefined;
  if (view.getUint32(at + 4, true) !== crc32(bytes.subarray(at + 8, at + BLOCK_HEADER_BYTES), key))
    return undefined;
  return {
    number: view.getFloat64(at + 8, true),
    payloadBytes: view.getUint32(at + 16, true),
    payloadCrc: view.getUint32(at + 20, true),
    entries: view.getUint32(at + 24, true),
    paddingBytes: view.getUint32(at + 28, true),
  };
}

/** Whether the payload that follows the header at `at` is whole and undamaged. */
export function payloadIsIntact(bytes: Uint8Array, at: number, header: BlockHeader): boolean {
  const start = at + BLOCK_HEADER_BYTES;
  const end = start + header.payloadBytes;
  return end <= bytes.length && crc32(bytes.subarray(start, end)) === header.payloadCrc;
}

export interface PlacedEntry extends Entry {
  /** Offset of the body in `bytes`. */
  readonly bodyAt: number;
}

/** The entries of an intact payload that starts at `at`. */
export function decodeEntries(bytes: Uint8Array, at: number, header: BlockHeader): PlacedEntry[] {
  const view = viewOf(bytes);
  const entries: PlacedEntry[] = [];
  let next = at;
  for (let n = 0; n < header.entries; n++) {
    const length = view.getUint32(next, true);
    const kind = view.getUint32(next + 4, true);
    assert(
      kind >= 1 && kind <= LAST_ENTRY_KIND,
      `block ${header.number} has an entry of unknown kind ${kind}`,
    );
    const bodyAt = next + ENTRY_HEADER_BYTES;
    const body = bytes.subarray(bodyAt, bodyAt + length);
    entries.push({ kind: kind as EntryKind, arrival: view.getFloat64(next + 8, true), body, bodyAt });
    next = bodyAt + length;
  }
  assert(
    next === at + header.payloadBytes - header.paddingBytes,
    `block ${header.number} has entries that do not fill it`,
  );
  return entries;
}

/** Where the next block header with a right checksum begins at or after `from`, or -1. */
export function findBlockHeader(bytes: Uint8Array, from: number, key: number): number {
  for (let at = bytes.indexOf(MAGIC & 0xff, from); at !== -1; at = bytes.indexOf(MAGIC & 0xff, at + 1)) {
    if (decodeBlockHeader(bytes, at, key) !== undefined) return at;
  }
  return -1;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
