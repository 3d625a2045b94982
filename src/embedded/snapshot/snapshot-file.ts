import { AdtallyError } from '../../base/errors.ts';
import { crc32 } from '../../base/checksum.ts';
import type { Disk, ReadableFile, WritableFile } from '../ports.ts';

/**
 * A part of a snapshot is a run of sections, each with a header of 16 bytes: u32 magic, u32 kind, u32 payload bytes,
 * u32 CRC of kind, length and payload. A `begin` section comes first and an `end` section last.
 */
export const SECTION = {
  /** JSON: format, mode, data id. */
  begin: 1,
  /** JSON: the scalars of the state. */
  scalars: 2,
  /** Words: entries of the dimension table. */
  dimensions: 3,
  /** Doubles: a piece of a minute's cells. */
  minute: 4,
  counters: 5,
  quarantine: 6,
  /** Words: a dump of the dedupe index. */
  ids: 7,
  /** JSON: how many sections came before. */
  end: 8,
  /** JSON: orders. */
  orders: 9,
} as const;

export const SNAPSHOT_DIRECTORY = 'snapshot';
export const SNAPSHOT_FORMAT = 2;
const SECTION_HEADER_BYTES = 16;
const MAGIC = 0x31535441; // "ATS1"
const BUFFER_BYTES = 1 << 20;

export type SnapshotMode = 'full' | 'delta';

/** Writes sections through a buffer of whole pages, which the disk takes best. */
export class SnapshotFile {
  readonly #file: WritableFile;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #gathered = 0;
  #position = 0;
  #sections = 0;

  static async create(disk: Disk, path: string): Promise<SnapshotFile> {
    await disk.remove(path);
    return new SnapshotFile(await disk.openWrite(path, 'create'));
  }

  private constructor(file: WritableFile) {
    this.#file = file;
  }

  /** Adds a section; `payload` must not change until the returned promise resolves. */
  async add(kind: number, payload: ArrayBufferView): Promise<void> {
    const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
    const header = Buffer.alloc(SECTION_HEADER_BYTES);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt32LE(kind, 4);
    header.writeUInt32LE(bytes.length, 8);
    header.writeUInt32LE(crc32(bytes, crc32(header.subarray(4, 12))), 12);
    await this.#append(header);
    await this.#append(bytes);
    this.#sections++;
  }

  addJson(kind: number, value: unknown): Promise<void> {
    return this.add(kind, Buffer.from(JSON.stringify(value)));
  }

  /** Ends the file and makes its content durable; returns its size. */
  async finish(): Promise<number> {
    await this.addJson(SECTION.end, { sections: this.#sections });
    await this.#flush();
    await this.#file.sync();
    await this.#file.close();
    return this.#position;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const part = bytes.subarray(done, done + BUFFER_BYTES - this.#gathered);
      this.#buffer.set(part, this.#gathered);
      this.#gathered += part.length;
      done += part.length;
      if (this.#gathered === BUFFER_BYTES) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    await this.#file.write(this.#buffer.subarray(0, this.#gathered), this.#position);
    this.#position += this.#gathered;
    this.#gathered = 0;
  }
}

export interface Section {
  readonly kind: number;
  /** A buffer of its own, so that it can be read as words or doubles. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** The sections of a part, checked; throws data_corrupt at the first damage, data_format for an unknown version. */
export async function* readSnapshotFile(disk: Disk, file: string): AsyncGenerator<Section> {
  const path = `${SNAPSHOT_DIRECTORY}/${file}`;
  const size = await disk.size(path);
  if (size === undefined) throw corrupt(path, 0, 'the file is missing');
  const handle = await disk.openRead(path);
  let ahead = readAhead(handle, 0, size, path);
  try {
    let at = 0;
    for (let sections = 0; ; sections++) {
      const { kind, payload } = await ahead;
      if (sections === 0) checkBegin(kind, payload, path);
      if (kind === SECTION.end) {
        const claimed = JSON.parse(Buffer.from(payload).toString()) as { sections: number };
        if (claimed.sections !== sections) throw corrupt(path, at, 'sections are missing');
        return;
      }
      at += SECTION_HEADER_BYTES + payload.length;
      ahead = readAhead(handle, at, size, path);
      yield { kind, payload };
    }
  } finally {
    await ahead.catch(() => undefined);
    await handle.close();
  }
}

/** Reads a section while the one before it is taken in. Whoever awaits it learns of a failure; nobody has to. */
function readAhead(file: ReadableFile, at: number, size: number, path: string): Promise<Section> {
  const section = readSection(file, at, size, path);
  section.catch(() => undefined);
  return section;
}

async function readSection(file: ReadableFile, at: number, size: number, path: string): Promise<Section> {
  const header = Buffer.alloc(SECTION_HEADER_BYTES);
  const headerBytes = await file.read(header, at);
  const length = header.readUInt32LE(8);
  if (headerBytes < SECTION_HEADER_BYTES || header.readUInt32LE(0) !== MAGIC || length > size - at) {
    throw corrupt(path, at, 'no section begins here');
  }
  const payload = new Uint8Array(length);
  await file.read(payload, at + SECTION_HEADER_BYTES);
  if (crc32(payload, crc32(header.subarray(4, 12))) !== header.readUInt32LE(12)) {
    throw corrupt(path, at, 'a section is damaged');
  }
  return { kind: header.readUInt32LE(4), payload };
}

function checkBegin(kind: number, payload: Uint8Array, path: string): void {
  if (kind !== SECTION.begin) throw corrupt(path, 0, 'its first section is missing');
  const { format } = JSON.parse(Buffer.from(payload).toString()) as { format: number };
  if (format !== SNAPSHOT_FORMAT) {
    throw new AdtallyError(
      'data_format',
      `${path} has format ${format}; this version reads ${SNAPSHOT_FORMAT}.`,
    );
  }
}

function corrupt(path: string, at: number, what: string): AdtallyError {
  return new AdtallyError(
    'data_corrupt',
    `${path} at byte ${at}: ${what}. If the log still begins with block 1, it can be read anew: see docs/operations.md.`,
  );
}
