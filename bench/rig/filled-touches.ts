import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import { DAY_MS } from '../../src/base/units.ts';
import { EventBatch, ROW_WORDS } from '../../src/embedded/scan/event-batch.ts';
import { EventScanner } from '../../src/embedded/scan/event-scanner.ts';
import { DimensionTable } from '../../src/embedded/state/dimension-table.ts';
import { TouchFiles } from '../../src/embedded/touches/touch-files.ts';
import { TouchStore } from '../../src/embedded/touches/touch-store.ts';
import { touchRunPath } from '../../src/embedded/touches/touch-run-format.ts';
import { ALWAYS_REQUIRED } from '../../src/model/ad-event.ts';
import { progress } from './measurement.ts';
import { TouchEvents } from './touch-events.ts';

const MILLION = 1_000_000;
/** As much arrives between two snapshots by default. */
const TOUCHES_PER_RUN = 900_000;
const BATCH = 512;
const SEED = randomBytes(32);

/** A store with touches of the last seven days, in runs as the engine leaves them; the last ones in memory. */
export class FilledTouches {
  readonly directory: string;
  readonly events: TouchEvents;
  readonly #dimensions = new DimensionTable(1);
  readonly store = new TouchStore('a', SEED, this.#dimensions);
  readonly files: TouchFiles;
  readonly #batch = new EventBatch(BATCH);
  readonly #scanner = new EventScanner({ requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' }, SEED);
  readonly #references = new Int32Array(BATCH);
  #written = 0;
  #addMs = 0;
  touches = 0;

  constructor(directory: string, users: number) {
    this.directory = directory;
    this.events = new TouchEvents(users, BATCH, 7);
    this.files = new TouchFiles(new NodeDisk(directory), nodeClock, '00'.repeat(16));
  }

  /** What it takes to add a touch to memory, ns. */
  get addNs(): number {
    return (this.#addMs * 1e6) / this.touches;
  }

  /** Adds touches while the ones before them are written and merged, as a region does. */
  async fill(touches: number, now: number): Promise<void> {
    let writing: Promise<void> | undefined;
    let due = TOUCHES_PER_RUN;
    while (this.touches < touches) {
      this.#add(now - 7 * DAY_MS + (this.touches / touches) * 7 * DAY_MS);
      await turn();
      if (this.touches < due) continue;
      due += TOUCHES_PER_RUN;
      await writing;
      writing = this.#write();
      progress(`${(this.touches / MILLION).toFixed(1)}M touches, ${this.store.runs.length} runs`);
    }
    await writing;
  }

  /** Has the system forget the pages of the runs; false where it cannot be told to. */
  async cool(): Promise<boolean> {
    const paths = this.store.runs.map(({ name }) => join(this.directory, touchRunPath(name)));
    try {
      for (const path of paths) await promisify(execFile)('dd', [`if=${path}`, 'iflag=nocache', 'count=0']);
      return true;
    } catch {
      return false;
    }
  }

  async #write(): Promise<void> {
    const first = this.#written + 1;
    this.#written += 1;
    const runs = await this.files.write(this.store, this.store.freeze(), first, this.#written);
    await this.files.adopt(this.store, runs);
    await this.files.merge(this.store);
  }

  /** Adds a batch of events from `time` on. */
  #add(time: number): void {
    const { body, source } = this.events;
    const batch = this.#batch;
    this.events.next(time);
    batch.clear();
    this.#scanner.scan(body, 'ndjson', 0, batch);
    for (let n = 0; n < batch.count; n++)
      this.#references[n] = this.#dimensions.intern(batch.words, n * ROW_WORDS, source, -1);
    const startMs = performance.now();
    for (let n = 0; n < batch.count; n++)
      this.store.add(batch.words, batch.doubles, n, source, this.#references[n]);
    this.#addMs += performance.now() - startMs;
    this.touches += batch.count;
  }
}
