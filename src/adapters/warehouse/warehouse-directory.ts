import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import {
  EMPTY_MANIFEST,
  applyCommit,
  readManifest,
  writeManifest,
  type Commit,
  type DataFile,
  type Manifest,
} from '../../warehouse/manifest.ts';
import { TABLES } from '../../warehouse/table.ts';
import type { DiskFiles } from './disk-files.ts';

const MANIFEST = 'MANIFEST';
/** Where files are made. Nothing in it ends in .parquet, and readers skip names that begin with "_". */
const STAGE = '_tmp';
const SPILL = '_spill';
const NEXT_MANIFEST = `${STAGE}/MANIFEST.next`;
/** The names this class gives; other files in the folders are not ours to touch. */
const OUR_FILE = /^part-\d{12}\.parquet$/;

/**
 * The files of the warehouse and the manifest that names them.
 *
 * A commit has three steps: files are made in the stage and synced; the manifest that names them replaces the old one, which is the
 * moment they count; they are moved to where readers look. So a reader never sees a file that the manifest does not name, nor a
 * part of one, and whatever a crash leaves is either finished (the manifest names it) or removed when the directory is opened.
 */
export class WarehouseDirectory {
  readonly root: string;
  readonly #files: DiskFiles;
  readonly #clock: Clock;
  #manifest: Manifest = EMPTY_MANIFEST;
  /** Whether what is on the disk may be another manifest than ours: a step of a commit has failed. */
  #isUnsure = true;

  constructor(root: string, files: DiskFiles, clock: Clock) {
    this.root = root;
    this.#files = files;
    this.#clock = clock;
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  /** Where a file is made that is to stand at `path`. */
  stagedAt(path: string): string {
    return join(this.root, STAGE, `${path.replaceAll('/', '~')}.tmp`);
  }

  /** For what does not fit into memory. */
  get spillDirectory(): string {
    return join(this.root, SPILL);
  }

  at(path: string): string {
    return join(this.root, path);
  }

  /** The path of a file of the next commit in the folder of a table and day. */
  nextPath(folder: string): string {
    return `${folder}/part-${String(this.#manifest.generation + 1).padStart(12, '0')}.parquet`;
  }

  /**
   * Makes sure of the manifest on the disk: at the start, and after a step that failed. Finishes the commit it names, removes
   * what no commit names. Throws data_corrupt, data_format and errors of the system.
   */
  async settle(): Promise<void> {
    if (!this.#isUnsure) return;
    for (const directory of [STAGE, ...TABLES.map(({ name }) => name)]) {
      await this.#files.makeDirectory(this.at(directory));
    }
    const text = await this.#files.read(this.at(MANIFEST));
    const found = text === undefined ? EMPTY_MANIFEST : readManifest(text, this.at(MANIFEST));
    // Written again, for a sync that failed must not be trusted the second time.
    await this.#replaceManifest(found);
    await this.#move(found.moving);
    await this.#removeStrays(found);
    for (const file of found.files) await this.#checkFile(file);
    this.#manifest = found;
    this.#isUnsure = false;
  }

  /**
   * Makes ready for a commit that stands for all there is, damaged or not: nothing is looked at but the number of the last commit,
   * nothing published is touched. The directory is of no more use once that commit has been made or given up.
   */
  async beginAnew(): Promise<void> {
    await this.#files.makeDirectory(this.at(STAGE));
    for (const name of await this.#files.list(this.at(STAGE)))
      await this.#files.remove(this.at(`${STAGE}/${name}`));
    const text = await this.#files.read(this.at(MANIFEST));
    let generation = 0;
    try {
      if (text !== undefined) generation = readManifest(text, this.at(MANIFEST)).generation;
    } catch (error) {
      if (!(error instanceof AdtallyError) || error.code !== 'data_corrupt') throw error;
    }
    for await (const path of this.#published())
      generation = Math.max(generation, Number(path.slice(-20, -8)));
    this.#manifest = { ...EMPTY_MANIFEST, generation };
  }

  /** The commit that `beginAnew` has made ready: its files and no others are published. */
  async replaceAll(commit: Commit): Promise<void> {
    await this.commit(commit);
    await this.#removeStrays(this.#manifest);
  }

  /** The staged file at `path`, synced, as it goes into a commit. */
  async sealStaged(path: string, rows: number): Promise<DataFile> {
    const staged = this.stagedAt(path);
    await this.#files.sync(staged);
    const bytes = await this.#files.size(staged);
    if (bytes === undefined) throw new AdtallyError('disk_failed', `${staged} is gone as soon as written.`);
    return { path, rows, bytes };
  }

  /** Commits; all or nothing, though after a rejection only settle() knows which. */
  async commit(commit: Commit): Promise<void> {
    const next = applyCommit(this.#manifest, commit, this.#clock.now());
    this.#isUnsure = true;
    await this.#files.sync(this.at(STAGE));
    await this.#replaceManifest(next);
    await this.#move(next.moving);
    this.#manifest = next;
    this.#isUnsure = false;
  }

  /** Removes files that were replaced more than `graceMs` ago. */
  async removeRetired(graceMs: number): Promise<void> {
    const now = this.#clock.now();
    // A clock set back must not keep files for ever, nor remove them at once.
    const due = this.#manifest.retired.filter(({ since }) => now - since >= graceMs || since > now + graceMs);
    if (due.length === 0) return;
    for (const { path } of due) await this.#files.remove(this.at(path));
    await this.commit({ removed: due.map(({ path }) => path) });
  }

  async #replaceManifest(manifest: Manifest): Promise<void> {
    await this.#files.write(this.at(NEXT_MANIFEST), writeManifest(manifest));
    await this.#files.rename(this.at(NEXT_MANIFEST), this.at(MANIFEST));
    await this.#files.sync(this.root);
  }

  async #move(paths: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    for (const path of paths) {
      if ((await this.#files.size(this.stagedAt(path))) === undefined) continue; // moved before a crash
      const folder = dirname(this.at(path));
      if (!folders.has(folder)) await this.#files.makeDurableDirectory(folder, this.root);
      folders.add(folder);
      await this.#files.rename(this.stagedAt(path), this.at(path));
    }
    for (const folder of folders) await this.#files.sync(folder);
  }

  async #removeStrays({ files, retired }: Manifest): Promise<void> {
    for (const name of await this.#files.list(this.at(STAGE))) {
      await this.#files.remove(this.at(`${STAGE}/${name}`));
    }
    const known = new Set([...files, ...retired].map(({ path }) => path));
    for await (const path of this.#published()) if (!known.has(path)) await this.#files.remove(this.at(path));
  }

  /** Paths of all files of ours in the folders of days. */
  async *#published(): AsyncGenerator<string> {
    for (const { name: table } of TABLES) {
      for (const day of await this.#files.list(this.at(table))) {
        if (!day.startsWith('dt=')) continue;
        for (const name of await this.#files.list(this.at(`${table}/${day}`))) {
          if (OUR_FILE.test(name)) yield `${table}/${day}/${name}`;
        }
      }
    }
  }

  async #checkFile({ path, bytes }: DataFile): Promise<void> {
    const size = await this.#files.size(this.at(path));
    if (size === bytes) return;
    const found = size === undefined ? 'is missing' : `has ${size} bytes, not ${bytes}`;
    throw new AdtallyError('data_corrupt', `${this.at(path)} ${found}.`);
  }
}
