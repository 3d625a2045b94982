import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { MIB } from '../../base/units.ts';

const NAME = /^audit-trail\.(\d{8})\.jsonl$/;

/** The name of a file in the data directory; the newest has the greatest number, the first one is 1. */
export function trailFileName(number: number): string {
  return `audit-trail.${String(number).padStart(8, '0')}.jsonl`;
}

export interface TrailFileLimits {
  /** Size from which on a new file is begun. */
  readonly fileBytes: number;
  /** Full files that are kept besides the one being written. */
  readonly earlierFiles: number;
}
const LIMITS: TrailFileLimits = { fileBytes: 4 * MIB, earlierFiles: 15 };

const NEW_LINE = 0x0a;

/**
 * Lines of text that only grow, in numbered files of the data directory. A region and commands beside it may append at the same time:
 * each line is one write at the end of a file that has its name for good, so what one process appends stays in its order.
 */
export class TrailFile {
  readonly #directory: string;
  readonly #limits: TrailFileLimits;

  constructor(directory: string, limits: TrailFileLimits = LIMITS) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** Appends a line; when it returns, the line is on stable storage. Throws what the system says. */
  append(line: string): void {
    const { file, size } = this.#openLast();
    try {
      if (size === 0) this.#keep();
      // Who was killed in the middle of a line leaves a part of it: that stays a line of its own.
      const text = Buffer.from(`${size > 0 && !endsLine(file, size) ? '\n' : ''}${line}\n`);
      if (writeSync(file, text) !== text.length) throw new Error('the disk took a part of a line only');
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** The lines, newest first. */
  *newestFirst(): Generator<string> {
    for (const number of this.#numbers().toReversed()) {
      const lines = this.#read(number).split('\n');
      for (const line of lines.toReversed()) if (line !== '') yield line;
    }
  }

  /** The last file, or the one after it when that is full. */
  #openLast(): { readonly file: number; readonly size: number } {
    for (let number = this.#numbers().at(-1) ?? 1; ; number++) {
      const file = openSync(this.#path(number), 'a+', 0o600);
      const { size } = fstatSync(file);
      if (size < this.#limits.fileBytes) return { file, size };
      closeSync(file);
    }
  }

  /** Before a new file takes its first line: it is to stay, and the oldest leave. */
  #keep(): void {
    const gone = this.#numbers().slice(0, -this.#limits.earlierFiles - 1);
    for (const number of gone) rmSync(this.#path(number), { force: true });
    const directory = openSync(this.#directory, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }

  #read(number: number): string {
    try {
      return readFileSync(this.#path(number), 'utf8');
    } catch (error) {
      // Another process has just removed it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  #path(number: number): string {
    return join(this.#directory, trailFileName(number));
  }

  /** Of the files that are there, oldest first. */
  #numbers(): number[] {
    return readdirSync(this.#directory)
      .flatMap((name) => NAME.exec(name)?.slice(1).map(Number) ?? [])
      .toSorted((a, b) => a - b);
  }
}

function endsLine(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === NEW_LINE;
}
