import { FileImage } from './file-image.ts';
import type { SeededRandom } from '../seeded-random.ts';

const SECTOR_BYTES = 512;

/** What a power cut leaves of the changes that were not synced. */
export type PowerCut =
  /** None of them: the disk is as the last syncs left it. */
  | 'nothing_survives'
  /** All of them, as if synced a moment before. */
  | 'all_survives'
  /** Each on its own: whole, in part, as zeros, or not at all. */
  | 'any_mix'
  /** All but the last, which is torn. */
  | 'last_is_torn';

interface Change {
  readonly number: number;
  /** Null for a truncation to `position`. */
  readonly bytes: Uint8Array | null;
  readonly position: number;
}

/** A file as the operating system has it: what running processes see, and what would be left without power. */
export class SimulatedFile {
  #cached = new FileImage();
  #durable = new FileImage();
  /** Changes not yet durable, oldest first. */
  #pending: Change[] = [];
  #changes = 0;

  static durable(content: Uint8Array): SimulatedFile {
    const file = new SimulatedFile();
    file.#cached = new FileImage(content);
    file.#durable = new FileImage(content);
    return file;
  }

  get size(): number {
    return this.#cached.size;
  }

  /** What a running process reads; valid until the next change. */
  content(): Uint8Array {
    return this.#cached.content();
  }

  durableContent(): Uint8Array {
    return this.#durable.content();
  }

  /** A mark of everything written so far, for `sync`. */
  mark(): number {
    return this.#changes;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#change({ number: ++this.#changes, bytes: Uint8Array.from(bytes), position });
  }

  truncate(size: number): void {
    this.#change({ number: ++this.#changes, bytes: null, position: size });
  }

  /** Makes the changes up to `mark` durable. */
  sync(mark: number): void {
    for (const change of this.#pending) if (change.number <= mark) applyTo(this.#durable, change);
    this.#pending = this.#pending.filter(({ number }) => number > mark);
  }

  /**
   * A sync that fails: some pages are written, the others are lost, and no later sync will write them. With `ghost` processes
   * go on reading them from memory.
   */
  failSync(ghost: boolean, random: SeededRandom): void {
    this.#settlePending('any_mix', random);
    if (!ghost) this.#cached = this.#durable.copy();
  }

  losePower(cut: PowerCut, random: SeededRandom): void {
    this.#settlePending(cut, random);
    this.#cached = this.#durable.copy();
  }

  flipBit(bit: number): void {
    this.#durable.flipBit(bit);
    this.#cached.flipBit(bit);
  }

  #change(change: Change): void {
    this.#pending.push(change);
    applyTo(this.#cached, change);
  }

  #settlePending(cut: PowerCut, random: SeededRandom): void {
    const last = this.#pending.at(-1);
    for (const change of this.#pending) {
      if (cut === 'nothing_survives') continue;
      const isWhole = cut === 'all_survives' || (cut === 'last_is_torn' && change !== last);
      if (isWhole) applyTo(this.#durable, change);
      else applyInPart(this.#durable, change, cut === 'last_is_torn', random);
    }
    this.#pending = [];
  }
}

function applyTo(image: FileImage, { bytes, position }: Change): void {
  if (bytes === null) image.truncate(position);
  else image.write(bytes, position);
}

function applyInPart(image: FileImage, change: Change, mustTear: boolean, random: SeededRandom): void {
  const { bytes, position } = change;
  if (bytes === null) {
    if (random.chance(0.5)) applyTo(image, change);
    return;
  }
  const whole = mustTear ? 0 : 2;
  switch (random.weighted({ whole, lost: whole, prefix: 2, sectors: 3, zeros: 1 })) {
    case 'whole':
      image.write(bytes, position);
      return;
    case 'lost':
      return;
    case 'prefix':
      image.write(bytes.subarray(0, random.below(bytes.length + 1)), position);
      return;
    case 'sectors':
      writeSomeSectors(image, bytes, position, random);
      return;
    case 'zeros':
      // The size reached the disk, the data did not.
      if (image.size < position + bytes.length) image.truncate(position + bytes.length);
  }
}

/** Sectors are written whole, in any order: any of them may be missing. */
function writeSomeSectors(image: FileImage, bytes: Uint8Array, position: number, random: SeededRandom): void {
  let start = 0;
  while (start < bytes.length) {
    const end = Math.min(bytes.length, start + SECTOR_BYTES - ((position + start) % SECTOR_BYTES));
    if (random.chance(0.5)) image.write(bytes.subarray(start, end), position + start);
    start = end;
  }
}
