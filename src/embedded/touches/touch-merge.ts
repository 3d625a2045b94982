import type { UnixMs } from '../../base/clock.ts';
import { MIB } from '../../base/units.ts';
import type { Pacer } from './pacer.ts';
import { compareRows, SHAPE, timeOf, touchWords } from './touch-row.ts';
import type { TouchRun } from './touch-run.ts';
import { BLOCK_USED, BLOCK_WORDS, FIRST_ROW } from './touch-run-format.ts';
import type { TouchRunWriter } from './touch-run-writer.ts';

/** Blocks that are read at a time from each run. */
const READ_BLOCKS = 64;
/** Runs smaller than this count as of one size. */
const SIZE_MIN = MIB;
/** At most so many times `width` runs are merged at once. */
const WIDTHS_MAX = 4;
/** Together they are at least this share of `width` times as large as the largest of them. */
const WIDTH_SHARE = 3 / 4;

type Sized = Pick<TouchRun, 'bytes' | 'newest'>;

/**
 * The runs to merge next: `width` or more that stand side by side, none of which is most of the result, so that no touch is
 * written often; and that end within `spanMs`, so that the result does not keep old touches long. Empty when there are none.
 * Their sizes need not be alike: a small run between large ones must not keep them all.
 */
export function chooseRuns<Run extends Sized>(
  runs: readonly Run[],
  width: number,
  spanMs: number,
): readonly Run[] {
  const countMax = Math.min(runs.length, width * WIDTHS_MAX);
  for (let count = width; count <= countMax; count++) {
    for (let end = runs.length; end >= count; end--) {
      const chosen = runs.slice(end - count, end);
      if (isWorthwhile(chosen, width) && spanOf(chosen) <= spanMs) return chosen;
    }
  }
  return [];
}

function isWorthwhile(runs: readonly Sized[], width: number): boolean {
  const sizes = runs.map(({ bytes }) => Math.max(bytes, SIZE_MIN));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return total >= WIDTH_SHARE * width * Math.max(...sizes);
}

/** From the end of the first to end to that of the last. */
function spanOf(runs: readonly Sized[]): number {
  const ends = runs.map(({ newest }) => newest);
  return Math.max(...ends) - Math.min(...ends);
}

/**
 * Writes the touches of `runs` that are not over into one. `goesOn` is asked now and then; false when it ended the work.
 * Rejects with data_corrupt when a block is damaged.
 */
export async function mergeRuns(
  runs: readonly TouchRun[],
  writer: TouchRunWriter,
  expiredBefore: UnixMs,
  { pacer, goesOn }: { pacer: Pacer; goesOn: () => boolean },
): Promise<boolean> {
  let cursors = runs.map((run) => new RunCursor(run));
  for (const cursor of cursors) await cursor.refill();
  cursors = cursors.filter((cursor) => !cursor.isOver);
  while (cursors.length > 0) {
    let first = cursors[0];
    for (let n = 1; n < cursors.length; n++) {
      const { words, at } = cursors[n];
      if (compareRows(words, at, first.words, first.at) < 0) first = cursors[n];
    }
    if (timeOf(first.words, first.at) >= expiredBefore) writer.add(first.words, first.at);
    first.pass();
    if (first.needsRefill) {
      await first.refill();
      if (first.isOver) cursors = cursors.filter((cursor) => cursor !== first);
    }
    if (writer.isFull) await writer.flush();
    if (pacer.isTurnDue()) await pacer.turn();
    if (!goesOn()) return false;
  }
  return true;
}

/** Reads a run from its first row to its last. */
class RunCursor {
  readonly words = new Int32Array(READ_BLOCKS * BLOCK_WORDS);
  /** Where the row stands that is next. */
  at = 0;
  readonly #run: TouchRun;
  #nextBlock = 0;
  /** Blocks in `words`, and where the rows of the one being read end. */
  #blocks = 0;
  #block = 0;
  #rowsEnd = 0;

  constructor(run: TouchRun) {
    this.#run = run;
  }

  get needsRefill(): boolean {
    return this.#block === this.#blocks;
  }

  /** Whether there is no row left; asked after a refill. */
  get isOver(): boolean {
    return this.#blocks === 0;
  }

  async refill(): Promise<void> {
    this.#blocks = await this.#run.read(this.words, this.#nextBlock);
    this.#nextBlock += this.#blocks;
    this.#enter(0);
  }

  pass(): void {
    this.at += touchWords(this.words[this.at + SHAPE]);
    if (this.at >= this.#rowsEnd) this.#enter(this.#block + 1);
  }

  #enter(block: number): void {
    this.#block = block;
    const start = block * BLOCK_WORDS;
    this.at = start + FIRST_ROW;
    this.#rowsEnd = start + this.words[start + BLOCK_USED];
  }
}
