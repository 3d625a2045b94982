import type { SeededRandom } from '../seeded-random.ts';
import { SimulatedFile, type PowerCut } from './simulated-file.ts';

/** The root: the data directory itself. */
const ROOT = '.';

interface Names {
  readonly files: Map<string, SimulatedFile>;
  readonly directories: Set<string>;
}

/** A change of names that is not durable before one of its directories is synced. */
interface NameChange {
  readonly number: number;
  readonly directories: readonly string[];
  readonly apply: (names: Names) => void;
}

/** Which file has which name: as running processes see it, and as it would be left without power. */
export class DirectoryTree {
  #current: Names = { files: new Map(), directories: new Set([ROOT]) };
  #durable: Names = { files: new Map(), directories: new Set([ROOT]) };
  #pending: NameChange[] = [];
  #changes = 0;
  /** Files that were removed, by the name they last had: what a retention took away can still be checked. */
  readonly removed = new Map<string, SimulatedFile>();

  get(path: string): SimulatedFile | undefined {
    return this.#current.files.get(path);
  }

  /** Every file, by path. */
  files(): ReadonlyMap<string, SimulatedFile> {
    return this.#current.files;
  }

  hasDirectory(path: string): boolean {
    return this.#current.directories.has(path);
  }

  list(directory: string): string[] {
    const paths = [...this.#current.files.keys(), ...this.#current.directories];
    const inside = paths.filter((path) => path !== ROOT && parentOf(path) === directory);
    return inside.map((path) => path.slice(path.lastIndexOf('/') + 1)).toSorted();
  }

  makeDirectory(path: string): void {
    if (this.hasDirectory(path)) return;
    if (path !== ROOT) this.makeDirectory(parentOf(path));
    this.#change([parentOf(path)], ({ directories }) => directories.add(path));
  }

  create(path: string): SimulatedFile {
    const file = new SimulatedFile();
    this.#change([parentOf(path)], ({ files }) => files.set(path, file));
    return file;
  }

  rename(from: string, to: string): void {
    const file = this.get(from)!;
    this.#change([parentOf(from), parentOf(to)], ({ files }) => {
      if (files.get(from) === file) files.delete(from);
      files.set(to, file);
    });
  }

  remove(path: string): void {
    const file = this.get(path);
    if (file === undefined) return;
    this.removed.set(path, file);
    this.#change([parentOf(path)], ({ files }) => files.delete(path));
  }

  /** A mark of every change so far, for `sync`. */
  mark(): number {
    return this.#changes;
  }

  /** Makes the changes of `directory` up to `mark` durable. */
  sync(directory: string, mark: number): void {
    const isSynced = (change: NameChange): boolean =>
      change.number <= mark && change.directories.includes(directory);
    for (const change of this.#pending.filter(isSynced)) change.apply(this.#durable);
    this.#pending = this.#pending.filter((change) => !isSynced(change));
  }

  losePower(cut: PowerCut, random: SeededRandom): void {
    for (const change of this.#pending) {
      const survives = cut === 'all_survives' || (cut !== 'nothing_survives' && random.chance(0.5));
      if (survives) change.apply(this.#durable);
    }
    this.#pending = [];
    const { files, directories } = this.#durable;
    for (const path of files.keys()) if (!directories.has(parentOf(path))) files.delete(path);
    for (const file of files.values()) file.losePower(cut, random);
    this.#current = { files: new Map(files), directories: new Set(directories) };
  }

  /** Puts a file in place that is durable at once. */
  place(path: string, content: Uint8Array): void {
    this.makeDirectory(parentOf(path));
    const file = SimulatedFile.durable(content);
    for (const names of [this.#current, this.#durable]) {
      names.files.set(path, file);
      for (const directory of this.#current.directories) names.directories.add(directory);
    }
  }

  #change(directories: readonly string[], apply: (names: Names) => void): void {
    this.#pending.push({ number: ++this.#changes, directories, apply });
    apply(this.#current);
  }
}

/** `log/x` → `log`, `x` → the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? ROOT : path.slice(0, slash);
}
