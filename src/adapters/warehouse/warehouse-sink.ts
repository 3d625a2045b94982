import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { planCompaction } from '../../warehouse/compaction-plan.ts';
import type { DataFile } from '../../warehouse/manifest.ts';
import { TABLES, tableOf, type WarehouseTable } from '../../warehouse/table.ts';
import type { FeedId, RecordKind, RecordKinds, RecordPage, RefillableSink } from '../../union-load/ports.ts';
import { asDiskFailure, DiskFiles } from './disk-files.ts';
import { StagingArea } from './staging-area.ts';
import { WarehouseDirectory } from './warehouse-directory.ts';

export interface WarehouseOptions {
  /** The directory of the warehouse; made where there is none. */
  readonly directory: string;
  readonly clock: Clock;
  /** Rows that make a file due at once. */
  readonly fileRows: number;
  /** Time after which rows are written, however few, ms. */
  readonly fileAgeMs: number;
  /** About the largest file that compaction makes. */
  readonly fileBytesMax: number;
  /** How long a file that compaction has replaced stays for readers that have begun, ms. */
  readonly graceMs: number;
  /** Told of failures that no caller hears of; what failed is tried again. */
  readonly onFailure?: (error: Error) => void;
  readonly files?: DiskFiles;
}

/**
 * The warehouse: pages gather in memory until there are enough rows for a file or the oldest is old enough; then files and
 * cursors are committed together. `load` resolves when a page is taken in; it is durable when `cursor` tells its cursor. A crash
 * before that takes the page out again, and the feed gives it once more. A failure takes out nothing: it is tried again with
 * the next page or after `fileAgeMs`, and with the memory full of rows `load` takes in no more until it has worked.
 */
export class WarehouseSink implements RefillableSink {
  readonly name = 'warehouse';
  readonly #options: WarehouseOptions;
  readonly #directory: WarehouseDirectory;
  readonly #staging: StagingArea;
  /** How far of each feed is in memory or written; a cursor leaves when it is committed. */
  readonly #cursors = new Map<string, string>();
  /** One thing at a time. */
  #work: Promise<unknown> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #hasFailed = false;
  /** Whether the rows in memory may have been committed already: the commit failed on its way. */
  #isCommitting = false;
  #isClosed = false;

  private constructor(options: WarehouseOptions, directory: WarehouseDirectory, staging: StagingArea) {
    this.#options = options;
    this.#directory = directory;
    this.#staging = staging;
  }

  /** Finishes what a crash has left. Throws AdtallyError: data_corrupt, data_format, disk_failed. */
  static async open(options: WarehouseOptions): Promise<WarehouseSink> {
    const directory = new WarehouseDirectory(
      options.directory,
      options.files ?? new DiskFiles(),
      options.clock,
    );
    try {
      await directory.settle();
      return new WarehouseSink(options, directory, await StagingArea.open(directory.spillDirectory));
    } catch (error) {
      throw asDiskFailure(error, options.directory);
    }
  }

  async cursor(feed: FeedId): Promise<string | undefined> {
    return this.#inTurn(() => Promise.resolve(this.#directory.manifest.cursors[keyOf(feed)]));
  }

  load<Kind extends RecordKind>(feed: FeedId<Kind>, page: RecordPage<Kind>): Promise<void> {
    return this.#inTurn(async () => {
      // What failed goes first: rows must not gather behind a disk that takes none.
      if (this.#hasFailed) await this.#write();
      if (page.records.length > 0) await this.#staging.add(feed.kind, page.records);
      if (page.cursor !== this.#directory.manifest.cursors[keyOf(feed)] || page.records.length > 0)
        this.#cursors.set(keyOf(feed), page.cursor);
      if (this.#staging.rows >= this.#options.fileRows) await this.#write();
      else if (this.#cursors.size > 0) this.#startTimer();
    });
  }

  fill<Kind extends RecordKind>(kind: Kind, records: readonly RecordKinds[Kind][]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#hasFailed) await this.#write();
      await this.#staging.add(kind, records);
      if (this.#staging.rows >= this.#options.fileRows) await this.#write();
      else this.#startTimer();
    });
  }

  differing<Kind extends RecordKind>(
    kind: Kind,
    records: readonly RecordKinds[Kind][],
  ): Promise<readonly RecordKinds[Kind][]> {
    return this.#inTurn(async () => {
      const { name } = tableOf(kind);
      const paths = this.#directory.manifest.files.map(({ path }) => path);
      const files = paths
        .filter((path) => path.startsWith(`${name}/`))
        .map((path) => this.#directory.at(path));
      const { missing, wrong } = await this.#staging.differing(kind, records, files);
      if (wrong === 0) return records.filter(({ recordId }) => missing.has(recordId));
      const detail = `The warehouse ${this.#directory.root} has ${wrong} rows in ${name} that are wrong at the revision they name: run "adtally rebuild warehouse".`;
      throw new AdtallyError('data_corrupt', detail);
    });
  }

  /** What it holds, for whoever looks after it. */
  status(): { readonly files: number; readonly rowsWaiting: number } {
    return { files: this.#directory.manifest.files.length, rowsWaiting: this.#staging.rows };
  }

  /** Writes what waits and puts small files together; durable once it resolves. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#write());
  }

  /** Writes what waits, then gives everything free, also when that fails. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.flush();
    } finally {
      this.#isClosed = true;
      this.#cancelTimer?.();
      await this.#work;
      this.#staging.close();
    }
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#work.then(async () => {
      if (this.#isClosed) throw new AdtallyError('stopping', 'The warehouse is closed.');
      try {
        return await action();
      } catch (error) {
        this.#hasFailed = true;
        if (this.#cursors.size > 0) this.#startTimer();
        throw asDiskFailure(error, this.#directory.root);
      }
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  #startTimer(): void {
    this.#cancelTimer ??= this.#options.clock.after(this.#options.fileAgeMs, () => {
      this.#cancelTimer = undefined;
      if (!this.#isClosed) this.flush().catch((error: Error) => this.#options.onFailure?.(error));
    });
  }

  async #write(): Promise<void> {
    await this.#settle();
    if (this.#cursors.size > 0 || this.#staging.rows > 0) await this.#commitRows();
    this.#hasFailed = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.#tidy();
  }

  /** What is not urgent: a failure here holds up no row. */
  async #tidy(): Promise<void> {
    try {
      await this.#compact();
      await this.#directory.removeRetired(this.#options.graceMs);
    } catch (error) {
      this.#options.onFailure?.(asDiskFailure(error, this.#directory.root));
    }
    // Retired files wait for their time, and what failed for its next chance.
    if (this.#directory.manifest.retired.length > 0) this.#startTimer();
  }

  /** After a failed commit it may have been done all the same: then its rows must not be written twice. */
  async #settle(): Promise<void> {
    const before = this.#directory.manifest.generation;
    await this.#directory.settle();
    if (this.#isCommitting && this.#directory.manifest.generation > before) await this.#forgetRows();
  }

  async #commitRows(): Promise<void> {
    const added: DataFile[] = [];
    for (const waiting of await this.#staging.waitingDays()) {
      const path = this.#directory.nextPath(`${waiting.table.name}/dt=${waiting.day}`);
      const rows = await this.#staging.writeDay(waiting, this.#directory.stagedAt(path));
      added.push(await this.#directory.sealStaged(path, rows));
    }
    this.#isCommitting = true;
    await this.#directory.commit({ cursors: Object.fromEntries(this.#cursors), added });
    await this.#forgetRows();
  }

  async #forgetRows(): Promise<void> {
    this.#isCommitting = false;
    await this.#staging.clear();
    this.#cursors.clear();
  }

  async #compact(): Promise<void> {
    for (;;) {
      const plan = planCompaction(this.#directory.manifest.files, this.#options.fileBytesMax);
      if (plan === undefined) return;
      const path = this.#directory.nextPath(plan.folder);
      const replaced = plan.files.map((file) => file.path);
      const sources = replaced.map((file) => this.#directory.at(file));
      const rows = await this.#staging.merge(tableIn(plan.folder), sources, this.#directory.stagedAt(path));
      await this.#directory.commit({ added: [await this.#directory.sealStaged(path, rows)], replaced });
    }
  }
}

function keyOf({ region, kind }: FeedId): string {
  return `${region}/${kind}`;
}

function tableIn(folder: string): WarehouseTable {
  return TABLES.find(({ name }) => folder.startsWith(`${name}/`)) as unknown as WarehouseTable;
}
