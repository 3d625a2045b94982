import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { RegionTraffic } from '../../client/failover.ts';
import type { RegionSender } from '../../client/region-sender.ts';
import { noVerdicts, VERDICTS, type EventProblem, type VerdictCounts } from '../../model/verdict.ts';
import { readEvents, type SourceOptions, type SourceRow } from './event-source.ts';
import type { ImportFile } from './import-file.ts';
import { readImportState, writeImportState, type ImportState } from './import-state.ts';
import { sha256 } from '../../base/checksum.ts';
import type { Mapping } from './mapping.ts';
import type { TimeShift } from './time-shift.ts';

export interface ImportOptions {
  readonly files: readonly ImportFile[];
  readonly mapping: Mapping;
  /** Undefined leaves times as they are; see parseTimeShift. */
  readonly timeShift: number | null | undefined;
  /** Stands in event ids before the file's name: the same file under another source gives other events. */
  readonly source: string | undefined;
  /** Names the region in the state: progress there is none anywhere else. */
  readonly target: string;
  /** Null keeps none. */
  readonly statePath: string | null;
  /** Sends everything again, at the times of the first run. */
  readonly again: boolean;
  readonly skipBadRows: boolean;
  readonly batchEvents: number;
  readonly sender: Pick<RegionSender, 'sendEvents' | 'traffic'>;
  readonly clock: Clock;
  /** Stops after the request under way. */
  readonly stop: AbortSignal;
  readonly onProgress: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  /** Stored bytes of the files read so far, and in all. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly events: number;
}

export interface ImportReport {
  /** `nothing_to_do`: an earlier run had finished. */
  outcome: 'complete' | 'interrupted' | 'nothing_to_do';
  /** Rows of an earlier run that were not sent again. */
  rowsResumed: number;
  rows: number;
  events: number;
  readonly verdicts: VerdictCounts;
  rowsSkipped: number;
  /** Why, for the first of them. */
  readonly skipped: string[];
  /** The first events that were not counted. */
  readonly problems: EventProblem[];
  resends: number;
  /** How many requests went where. */
  regions: readonly RegionTraffic[];
  shift: TimeShift | null;
  /** Where the state is kept; null when it is not, or the disk did not let it. */
  statePath: string | null;
}

const EXAMPLES_MAX = 5;
/** Requests stay well below the region's limit. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
const SAVE_EVERY_MS = 500;

/** Sends the events of files to a region, or to the other one while it fails; a run that was stopped goes on where it was. */
export class Importer {
  readonly #options: ImportOptions;
  readonly #report: ImportReport;
  #state: ImportState;
  #savedAtMs = 0;
  #bytesDone = 0;
  #lines: Uint8Array[] = [];
  #lineBytes = 0;

  constructor(options: ImportOptions) {
    this.#options = options;
    const { files, statePath, again } = options;
    const fingerprint = importFingerprint(options);
    const earlier = statePath === null ? undefined : readImportState(statePath, fingerprint);
    const anew = {
      version: 1,
      fingerprint,
      shift: null,
      rowsDone: files.map(() => 0),
      complete: false,
    } as const;
    this.#state = earlier === undefined ? anew : again ? { ...anew, shift: earlier.shift } : earlier;
    this.#report = {
      outcome: this.#state.complete ? 'nothing_to_do' : 'complete',
      rowsResumed: this.#state.rowsDone.reduce((sum, rows) => sum + rows, 0),
      rows: 0,
      events: 0,
      verdicts: noVerdicts(),
      rowsSkipped: 0,
      skipped: [],
      problems: [],
      resends: 0,
      regions: [],
      shift: this.#state.shift,
      statePath,
    };
  }

  /** Whether an earlier run has sent everything. */
  get isComplete(): boolean {
    return this.#state.complete;
  }

  /** Where times go; reads the files once when it is not known from an earlier run. Call before `run`. */
  async planShift(): Promise<TimeShift | null> {
    const { timeShift, clock } = this.#options;
    if (timeShift === undefined || this.#state.shift !== null) return this.#state.shift;
    let [first, last] = [Infinity, -Infinity];
    for (const file of this.#options.files) {
      for await (const { events } of readEvents(
        file,
        this.#source(file, () => {}),
      )) {
        for (const { time } of events) {
          if (time === undefined) continue;
          first = Math.min(first, time);
          last = Math.max(last, time);
        }
      }
    }
    if (last < first) return null;
    const shift = { first, last, anchor: clock.now(), spanMs: timeShift };
    this.#state = { ...this.#state, shift };
    this.#report.shift = shift;
    return shift;
  }

  /** Throws AdtallyError: import_failed, or what the region refuses; what was answered is kept and not sent again. */
  async run(): Promise<ImportReport> {
    if (this.#state.complete) return this.#report;
    try {
      for (const index of this.#options.files.keys()) {
        if (!(await this.#importFile(index))) {
          this.#report.outcome = 'interrupted';
          return this.#report;
        }
      }
      this.#state.complete = true;
    } finally {
      this.#save(true);
    }
    return this.#report;
  }

  /** False when it was stopped. */
  async #importFile(index: number): Promise<boolean> {
    const { files, batchEvents, stop } = this.#options;
    const rowsDone = this.#state.rowsDone;
    this.#lines = [];
    this.#lineBytes = 0;
    let rowsRead = 0;
    const source = this.#source(files[index], (bytes) => {
      this.#bytesDone += bytes;
    });
    for await (const row of readEvents(files[index], source)) {
      rowsRead = row.number;
      if (row.number <= rowsDone[index]) continue;
      this.#take(row);
      if (this.#lines.length < batchEvents && this.#lineBytes < BATCH_BYTES_MAX) continue;
      await this.#send();
      rowsDone[index] = row.number;
      this.#save(false);
      if (stop.aborted) return false;
    }
    await this.#send();
    rowsDone[index] = rowsRead;
    return !stop.aborted;
  }

  #take(row: SourceRow): void {
    const report = this.#report;
    report.rows++;
    if (row.skipped !== undefined) {
      report.rowsSkipped++;
      if (report.skipped.length < EXAMPLES_MAX) report.skipped.push(row.skipped);
    }
    for (const event of row.events) {
      const line = event.encode(this.#state.shift ?? undefined);
      this.#lines.push(line);
      this.#lineBytes += line.length + 1;
    }
  }

  async #send(): Promise<void> {
    if (this.#lines.length === 0) return;
    const body = joinLines(this.#lines, this.#lineBytes);
    const { receipt, resends } = await this.#options.sender.sendEvents(body, this.#options.stop);
    if (receipt.received !== this.#lines.length) {
      throw new AdtallyError(
        'import_failed',
        `The region received ${receipt.received} events of ${this.#lines.length} that were sent.`,
      );
    }
    const report = this.#report;
    report.events += receipt.received;
    report.resends += resends;
    report.regions = this.#options.sender.traffic();
    for (const verdict of VERDICTS) report.verdicts[verdict] += receipt.verdicts[verdict];
    report.problems.push(...receipt.problems.slice(0, EXAMPLES_MAX - report.problems.length));
    this.#lines = [];
    this.#lineBytes = 0;
    this.#options.onProgress({
      bytesDone: this.#bytesDone,
      bytesTotal: this.#options.files.reduce((sum, file) => sum + file.sizeBytes, 0),
      events: report.events,
    });
  }

  #save(now: boolean): void {
    const { statePath } = this.#options;
    if (statePath === null) return;
    const atMs = this.#options.clock.monotonicMs();
    if (!now && atMs - this.#savedAtMs < SAVE_EVERY_MS) return;
    this.#savedAtMs = atMs;
    if (!writeImportState(statePath, this.#state)) this.#report.statePath = null;
  }

  #source(file: ImportFile, onBytes: (count: number) => void): SourceOptions {
    const { mapping, skipBadRows, source } = this.#options;
    return {
      mapping,
      skipBadRows,
      source: source === undefined ? file.name : `${source}/${file.name}`,
      onBytes,
    };
  }
}

function joinLines(lines: readonly Uint8Array[], bytes: number): Uint8Array {
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const line of lines) {
    body.set(line, at);
    at += line.length;
    body[at++] = 0x0a;
  }
  return body;
}

/** Tells one import from another: the region, the files with their sizes, how they are mapped and how times move. */
function importFingerprint({ target, files, mapping, timeShift, source }: ImportOptions): string {
  const sizes = files.map(({ name, sizeBytes }) => [name, sizeBytes]);
  const parts = { target, sizes, mapping, timeShift, source };
  return sha256(JSON.stringify(parts)).toString('hex').slice(0, 32);
}
