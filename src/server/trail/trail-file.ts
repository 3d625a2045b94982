import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { MIB } from '../../base/units.ts';

/** In the data directory. Earlier ones have a time and a process in their name. */
export const TRAIL_FILE = 'audit-trail.jsonl';
const EARLIER = /^audit-trail\.\d{15}-\d+\.jsonl$/;

export interface TrailFileLimits {
  /** Size from which on a new file is begun. */
  readonly fileBytes: number;
  /** Full files that are kept besides the one being written. */
  readonly earlierFiles: number;
}
const LIMITS: TrailFileLimits = { fileBytes: 4 * MIB, earlierFiles: 15 };

const NEW_LINE = 0x0a;

/**
 * Lines of text that only grow, in files of the data directory. A region and commands beside it may append at the same time: each
 * line is one write at the end of the file, and a full file is put aside under a name of its own.
 */
export class TrailFile {
  readonly #directory: string;
  readonly #limits: TrailFileLimits;

  constructor(directory: string, limits: TrailFileLimits = LIMITS) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** Appends a line; when it returns, the line is on stable storage. Throws what the system says. `now` names a file put aside. */
  append(line: string, now: number): void {
    const path = join(this.#directory, TRAIL_FILE);
    const file = openSync(path, 'a+', 0o600);
    let size: number;
    let inode: number;
    try {
      ({ size, ino: inode } = fstatSync(file));
      // Who was killed in the middle of a line leaves a part of it: that stays a line of its own.
      const text = Buffer.from(`${size > 0 && !endsLine(file, size) ? '\n' : ''}${line}\n`);
      if (writeSync(file, text) !== text.length) throw new Error('the disk took a part of a line only');
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (size === 0) this.#syncDirectory();
    // Unless another process was first: what stands there by now is a file of newer lines.
    if (size >= this.#limits.fileBytes && statSync(path, { throwIfNoEntry: false })?.ino === inode)
      this.#putAside(path, now);
  }

  /** The lines, newest first, those of the earlier files too. */
  *newestFirst(): Generator<string> {
    for (const name of [TRAIL_FILE, ...this.#earlier().toReversed()]) {
      const lines = this.#read(name).split('\n');
      for (const line of lines.toReversed()) if (line !== '') yield line;
    }
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.#directory, name), 'utf8');
    } catch (error) {
      // None has been written yet, or another process has just removed it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  #putAside(path: string, now: number): void {
    const name = `audit-trail.${String(now).padStart(15, '0')}-${process.pid}.jsonl`;
    try {
      renameSync(path, join(this.#directory, name));
    } catch (error) {
      // Another process was first.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const gone = this.#earlier().slice(0, -this.#limits.earlierFiles);
    for (const earlier of gone) rmSync(join(this.#directory, earlier), { force: true });
    this.#syncDirectory();
  }

  /** Oldest first. */
  #earlier(): string[] {
    return readdirSync(this.#directory)
      .filter((name) => EARLIER.test(name))
      .toSorted();
  }

  #syncDirectory(): void {
    const directory = openSync(this.#directory, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}

function endsLine(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === NEW_LINE;
}
