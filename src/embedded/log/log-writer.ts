import { assert } from '../../base/assert.ts';
import type { Disk, WritableFile } from '../ports.ts';
import { BLOCK_HEADER_BYTES, blockBytes, blockKey, encodeBlock, ENTRY_HEADER_BYTES } from './block.ts';
import type { Entry, LoggedEntry } from './entry.ts';
import type { LogBlock, LogEnd } from './log-reader.ts';
import { encodeSegmentHeader, LOG_DIRECTORY, SEGMENT_HEADER_BYTES, segmentPath } from './segment.ts';

/** The blocks are built here and handed to the disk in one write each. */
const INITIAL_BUFFER_BYTES = 1 << 20;

/** When a segment is full. The span lets old segments leave by age even when little arrives. */
export interface SegmentMax {
  readonly bytes: number;
  readonly spanMs: number;
}

/**
 * Appends blocks to the newest segment; one append at a time. After any rejection the writer must not be used again: what
 * reached the disk is unknown until the log is read back.
 */
export class LogWriter {
  readonly #disk: Disk;
  readonly #dataId: Uint8Array;
  readonly #segmentMax: SegmentMax;
  #file: WritableFile | undefined;
  #segment = 0;
  #end = 0;
  /** First arrival in the segment, as far as this process knows; 0 before. */
  #firstArrival = 0;
  #block: number;
  #buffer = new Uint8Array(INITIAL_BUFFER_BYTES);
  /** Segments on the disk, oldest first; the last one is written to. */
  readonly segments: { first: number; bytes: number; lastArrival: number }[];
  bytesWritten = 0;

  /** Goes on where `end` says the log ends, cutting off the torn write behind it. */
  static async open(disk: Disk, dataId: Uint8Array, end: LogEnd, segmentMax: SegmentMax): Promise<LogWriter> {
    const writer = new LogWriter(disk, dataId, end, segmentMax);
    await disk.makeDirectory(LOG_DIRECTORY);
    if (end.segment !== undefined && end.segmentBytes === 0) {
      // A segment without so much as a header: it is made anew under the same name.
      await disk.remove(segmentPath(end.segment));
    } else if (end.segment !== undefined) {
      writer.#segment = end.segment;
      writer.#end = end.segmentBytes;
      writer.#file = await disk.openWrite(segmentPath(end.segment), 'existing');
      if (end.tornBytes > 0) await writer.#file.truncate(end.segmentBytes);
      // What was read may have been in the machine's memory only: it is shown from now on, so it must be durable. After a
      // failed fsync a page counts as clean, and no later fsync stores it: it is written anew.
      await writer.#file.write(end.unsynced, end.segmentBytes - end.unsynced.length);
      await writer.#file.sync();
    }
    await disk.syncDirectory(LOG_DIRECTORY);
    await disk.syncDirectory('.');
    return writer;
  }

  private constructor(disk: Disk, dataId: Uint8Array, end: LogEnd, segmentMax: SegmentMax) {
    this.#disk = disk;
    this.#dataId = dataId;
    this.#block = end.block;
    this.#segmentMax = segmentMax;
    this.segments = end.segments;
  }

  /** Number of the last block written. */
  get lastBlock(): number {
    return this.#block;
  }

  /** Writes `entries` as the next block; resolves once it is on stable storage. */
  async append(entries: readonly Entry[]): Promise<LogBlock> {
    if (this.#isSegmentFull(entries)) await this.#beginSegment();
    this.#firstArrival ||= entries[0]?.arrival ?? 0;
    const file = this.#file;
    assert(file !== undefined, 'a log writer without a segment');
    const start = this.#end;
    const size = blockBytes(entries, start);
    if (size > this.#buffer.length) this.#buffer = new Uint8Array(Math.max(size, this.#buffer.length * 2));
    const number = this.#block + 1;
    const block = this.#buffer.subarray(0, size);
    encodeBlock(block, number, entries, blockKey(this.#dataId));
    await file.write(block, start);
    await file.sync();
    this.#block = number;
    this.#end = start + size;
    this.bytesWritten += size;
    const segment = this.segments.at(-1)!;
    segment.bytes = this.#end;
    for (const { arrival } of entries) segment.lastArrival = Math.max(segment.lastArrival, arrival);
    return { number, entries: this.#place(entries, start) };
  }

  /** Removes the oldest segments while `isDisposable` says so; never the one written to. */
  async removeOldest(
    isDisposable: (segment: { lastBlock: number; lastArrival: number }) => boolean,
  ): Promise<void> {
    while (this.segments.length > 1) {
      const [oldest, next] = this.segments;
      if (!isDisposable({ lastBlock: next.first - 1, lastArrival: oldest.lastArrival })) return;
      this.segments.shift();
      await this.#disk.remove(segmentPath(oldest.first));
      // One at a time: after a crash no gap may show between segments that came back and those that stayed.
      await this.#disk.syncDirectory(LOG_DIRECTORY);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #isSegmentFull(entries: readonly Entry[]): boolean {
    if (this.#file === undefined || this.#end >= this.#segmentMax.bytes) return true;
    const arrival = entries[0]?.arrival ?? 0;
    return this.#firstArrival > 0 && arrival - this.#firstArrival > this.#segmentMax.spanMs;
  }

  async #beginSegment(): Promise<void> {
    await this.#file?.close();
    const first = this.#block + 1;
    this.#file = await this.#disk.openWrite(segmentPath(first), 'create');
    await this.#file.write(encodeSegmentHeader(this.#dataId, first), 0);
    await this.#file.sync();
    await this.#disk.syncDirectory(LOG_DIRECTORY);
    this.#segment = first;
    this.#firstArrival = 0;
    this.#end = SEGMENT_HEADER_BYTES;
    this.bytesWritten += SEGMENT_HEADER_BYTES;
    this.segments.push({ first, bytes: SEGMENT_HEADER_BYTES, lastArrival: 0 });
  }

  #place(entries: readonly Entry[], start: number): LoggedEntry[] {
    let offset = start + BLOCK_HEADER_BYTES;
    return entries.map(({ kind, arrival, body }) => {
      offset += ENTRY_HEADER_BYTES + body.length;
      return { kind, arrival, body, segment: this.#segment, offset: offset - body.length };
    });
  }
}
