import type { Clock } from '../../base/clock.ts';
import type { MinuteCells } from '../state/minute-cells.ts';
import type { Aggregation } from '../state/aggregation.ts';
import { dumpScalars } from './state-scalars.ts';
import type { OrderState } from '../orders/order-state.ts';
import type { Disk } from '../ports.ts';
import type { TouchFiles } from '../touches/touch-files.ts';
import type { TouchMemory } from '../touches/touch-memory.ts';
import { writeManifest, type Manifest, type SnapshotManifest } from './manifest.ts';
import {
  SECTION,
  SNAPSHOT_DIRECTORY,
  SNAPSHOT_FORMAT,
  SnapshotFile,
  type SnapshotMode,
} from './snapshot-file.ts';

/** Deltas are written until they add up to the full part, or there are this many; then a full one again. */
const DELTAS_MAX = 64;
const DELTA_SHARE_MAX = 1;
/** Written in some milliseconds. */
const ORDERS_PER_SECTION = 256;

/** What a snapshot will hold, fixed at one instant; ids and minutes give theirs later, unaffected by changes since. */
interface Cut {
  readonly mode: SnapshotMode;
  readonly block: number;
  readonly ids: number;
  readonly scalars: unknown;
  readonly counters: Float64Array;
  readonly quarantine: Float64Array;
  readonly dimensions: { readonly from: number; readonly to: number };
  readonly minutes: readonly MinuteCells[];
  readonly touches: TouchMemory;
  readonly orders: readonly OrderState[];
}

/**
 * Writes the state beside the running engine: the cut is taken in an instant, then ids and cells are written piece by piece with
 * turns of the event loop in between, and at last the manifest names the new part. A delta holds what changed since the
 * snapshot before, so what is written stays a fraction of what arrives.
 */
export class Snapshotter {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #touches: TouchFiles;
  #manifest: Omit<Manifest, 'format'>;
  /** Words of dimensions that earlier parts hold. */
  #dimensions: number;
  #bytesWritten = 0;
  taken = 0;

  constructor(
    disk: Disk,
    clock: Clock,
    touches: TouchFiles,
    manifest: Omit<Manifest, 'format'>,
    dimensions: number,
  ) {
    this.#touches = touches;
    this.#disk = disk;
    this.#clock = clock;
    this.#manifest = manifest;
    this.#dimensions = dimensions;
  }

  get bytesWritten(): number {
    return this.#bytesWritten + this.#touches.bytesWritten;
  }

  /** The last block that is part of the newest snapshot; 0 without one. */
  get block(): number {
    return this.#manifest.snapshot?.block ?? 0;
  }

  /**
   * Writes a snapshot of `state` as it is when take() is called: the cut is made before the first await. Nothing is done when
   * the newest one holds all there is. One at a time; after a rejection the process must end.
   */
  async take(state: Aggregation, segments: SnapshotManifest['segments']): Promise<void> {
    if (state.scalars.block === this.block) return;
    const cut = this.#cut(state);
    const kept = segments.map(({ first, lastArrival }) => ({ first, lastArrival }));
    await this.#disk.makeDirectory(SNAPSHOT_DIRECTORY);
    const file = `${String(cut.block).padStart(16, '0')}-${cut.mode}.snapshot`;
    const bytes = await this.#write(state, cut, file);
    await this.#disk.syncDirectory(SNAPSHOT_DIRECTORY);
    const runs = await this.#touches.write(state.touches, cut.touches, this.block + 1, cut.block);
    // The directories themselves may be new: their names must be as durable as the manifest that relies on it.
    await this.#disk.syncDirectory('.');
    const before = cut.mode === 'full' ? [] : (this.#manifest.snapshot?.parts ?? []);
    const parts = [...before, { file, bytes }];
    const touches = runs.map(({ name }) => name);
    const snapshot = { block: cut.block, ids: cut.ids, parts, touches, segments: kept };
    await writeManifest(this.#disk, { ...this.#manifest, snapshot });
    this.#manifest = { ...this.#manifest, snapshot };
    state.ids.endSnapshot();
    await this.#touches.adopt(state.touches, runs);
    this.#dimensions = cut.dimensions.to;
    this.#bytesWritten += bytes;
    this.taken++;
    await this.#removeStrayParts();
  }

  /** Removes files that the manifest does not name. */
  async removeStrays(): Promise<void> {
    await this.#removeStrayParts();
    await this.#touches.removeStrays(this.#manifest.snapshot?.touches ?? []);
  }

  async #removeStrayParts(): Promise<void> {
    const named = new Set(this.#manifest.snapshot?.parts.map(({ file }) => file));
    for (const name of await this.#disk.list(SNAPSHOT_DIRECTORY)) {
      if (!named.has(name)) await this.#disk.remove(`${SNAPSHOT_DIRECTORY}/${name}`);
    }
  }

  #cut(state: Aggregation): Cut {
    const mode = this.#mode();
    const minutes = [...state.cells.minutes()].filter(({ isDirty }) => mode === 'full' || isDirty);
    for (const minute of minutes) minute.freeze();
    state.ids.beginSnapshot(mode);
    return {
      mode,
      block: state.scalars.block,
      ids: state.ids.size,
      scalars: dumpScalars(state),
      counters: state.counters.dump(),
      quarantine: state.quarantine.dump(),
      dimensions: { from: mode === 'full' ? 0 : this.#dimensions, to: state.dimensions.length },
      minutes,
      touches: state.touches.freeze(),
      orders: state.attribution.cut(mode),
    };
  }

  #mode(): SnapshotMode {
    const [full, ...deltas] = this.#manifest.snapshot?.parts ?? [];
    if (full === undefined || deltas.length >= DELTAS_MAX) return 'full';
    const deltaBytes = deltas.reduce((sum, { bytes }) => sum + bytes, 0);
    return deltaBytes > full.bytes * DELTA_SHARE_MAX ? 'full' : 'delta';
  }

  async #write(state: Aggregation, cut: Cut, name: string): Promise<number> {
    const file = await SnapshotFile.create(this.#disk, `${SNAPSHOT_DIRECTORY}/${name}`);
    const { dataId } = this.#manifest;
    await file.addJson(SECTION.begin, { format: SNAPSHOT_FORMAT, mode: cut.mode, dataId });
    await file.addJson(SECTION.scalars, cut.scalars);
    const { from, to } = cut.dimensions;
    await file.add(SECTION.dimensions, state.dimensions.dump(from, to));
    await file.add(SECTION.counters, cut.counters);
    await file.add(SECTION.quarantine, cut.quarantine);
    for (const minute of cut.minutes) {
      for (const piece of minute.takeFrozen()) {
        await file.add(SECTION.minute, piece);
        await this.#clock.turn();
      }
    }
    for (let at = 0; at < cut.orders.length; at += ORDERS_PER_SECTION) {
      await file.addJson(SECTION.orders, cut.orders.slice(at, at + ORDERS_PER_SECTION));
      await this.#clock.turn();
    }
    for (let n = 0; n < state.ids.slices; n++) {
      const words = state.ids.slice(n);
      if (words.length === 0) continue;
      await file.add(SECTION.ids, words);
      await this.#clock.turn();
    }
    return file.finish();
  }
}
