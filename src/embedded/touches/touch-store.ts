import { assert } from '../../base/assert.ts';
import type { UnixMs } from '../../base/clock.ts';
import { DAY_MS, MIB } from '../../base/units.ts';
import type { Touch } from '../../model/touch.ts';
import { Fingerprint } from '../scan/fingerprint.ts';
import type { DimensionTable } from '../state/dimension-table.ts';
import { TouchMemory } from './touch-memory.ts';
import { DIMENSION, flagsOf, PEER, readTouch, userKey, WITHDRAWN, type TakeRow } from './touch-row.ts';
import type { TouchRun } from './touch-run.ts';
import { UserWatch } from './user-watch.ts';

/** How long after its event time a touch is held, ms: a click window of 7 days, and a day for orders that come late. */
const TOUCH_RETENTION_MS = 8 * DAY_MS;
const TOUCH_MEMORY_BYTES = 256 * MIB;

export interface TouchOptions {
  /** How long after its event time a touch is held, ms. */
  readonly retentionMs?: number | undefined;
  /** What touches in memory may take. */
  readonly memoryBytes?: number | undefined;
}

/**
 * Every counted event by its user, for as long as an order may be led back to it: the latest in memory, the others in sorted
 * runs on the disk. A snapshot freezes what is in memory; look-ups go on reading it there until the manifest names the run
 * that it was written to.
 */
export class TouchStore {
  /** How long after its event time a touch is held, ms. */
  retentionMs: number;
  /** The regions of the pipeline: what both have counted is the first one's. */
  regions: readonly string[];
  /** Users whose new touches somebody waits for. */
  readonly watched = new UserWatch();
  readonly #region: string;
  readonly #fingerprint: Fingerprint;
  readonly #dimensions: DimensionTable;
  readonly #memoryBytes: number;
  #active: TouchMemory;
  #frozen: TouchMemory | undefined;
  #runs: readonly TouchRun[] = [];
  /** Touches with event times before this are over, Unix ms. */
  #expiredBefore: UnixMs = 0;

  constructor(region: string, seed: Uint8Array, dimensions: DimensionTable, options: TouchOptions = {}) {
    this.retentionMs = options.retentionMs ?? TOUCH_RETENTION_MS;
    this.#memoryBytes = options.memoryBytes ?? TOUCH_MEMORY_BYTES;
    this.#region = region;
    this.regions = [region];
    this.#fingerprint = new Fingerprint(seed);
    this.#dimensions = dimensions;
    this.#active = new TouchMemory(this.#memoryBytes);
  }

  /** Touches held, in memory and on the disk; some of them may be over. */
  get count(): number {
    const inMemory = this.#active.count + (this.#frozen?.count ?? 0);
    return this.#runs.reduce((sum, { touches }) => sum + touches, inMemory);
  }

  /** Memory of the touches that are not on the disk yet. */
  get memoryBytes(): number {
    return this.#active.bytes + (this.#frozen?.bytes ?? 0);
  }

  /** Whether it is time to write them to the disk: half of the memory is for those that come meanwhile. */
  get isWriteDue(): boolean {
    return this.#active.count > 0 && this.#active.bytes >= this.#memoryBytes / 2;
  }

  /** Whether there is no memory for more. */
  get isFull(): boolean {
    return this.memoryBytes >= this.#memoryBytes && this.#active.count > 0;
  }

  get runs(): readonly TouchRun[] {
    return this.#runs;
  }

  /** Touches with event times before this are over, Unix ms. */
  get expiredBefore(): UnixMs {
    return this.#expiredBefore;
  }

  /** Has new touches of this user, and perhaps of a few others, told by `watched`; as often as it is let go. */
  watch(userId: string): void {
    this.watched.watch(this.userHashOf(userId));
  }

  unwatch(userId: string): void {
    this.watched.unwatch(this.userHashOf(userId));
  }

  /** The USER_HASH of this user's rows. */
  userHashOf(userId: string): number {
    return this.#fingerprint.userHashOf(userId);
  }

  /** Adds the event of row `row` of a batch; its texts stand in `source`, its dimension has the reference `dimension`. */
  add(
    words: Int32Array,
    doubles: Float64Array,
    row: number,
    source: DataView,
    dimension: number,
    flags = 0,
  ): void {
    this.#active.add(words, doubles, row, source, dimension, flags);
  }

  /** What is older than the retention at this arrival is over, and stays so. */
  passTime(arrival: UnixMs): void {
    this.#expiredBefore = Math.max(this.#expiredBefore, arrival - this.retentionMs);
  }

  /** Takes over what was over when a snapshot was taken. */
  loadExpired(before: UnixMs): void {
    this.#expiredBefore = before;
  }

  /**
   * The user's touches with event times from `from` to `to`, both included, by time and then by event id. Throws data_corrupt
   * when what is read from the disk is damaged.
   */
  touchesOf(userId: string, from: UnixMs, to: UnixMs): Touch[] {
    const user = userKey(userId, this.userHashOf(userId));
    const first = Math.max(from, this.#expiredBefore);
    const touches: Touch[] = [];
    const withdrawn: string[] = [];
    let flags = 0;
    const take: TakeRow = (words, at) => {
      const touch = this.#touch(words, at);
      flags |= flagsOf(words, at);
      if ((flagsOf(words, at) & WITHDRAWN) === 0) touches.push(touch);
      else withdrawn.push(identityOf(touch));
    };
    // In the order in which they came: what is nearly sorted is soon sorted.
    for (const run of this.#runs) run.find(user, first, to, take);
    this.#frozen?.find(user, first, to, take);
    this.#active.find(user, first, to, take);
    const valid = flags === 0 ? touches : this.#validOf(touches, withdrawn);
    return valid.toSorted(byTimeThenId);
  }

  /** Without those that are withdrawn here, and of those that both regions have counted the one of the first region. */
  #validOf(touches: readonly Touch[], withdrawn: readonly string[]): Touch[] {
    const own = new Set(withdrawn);
    const byId = new Map<string, Touch>();
    for (const touch of touches) {
      const identity = identityOf(touch);
      if (touch.region === this.#region && own.has(identity)) continue;
      const other = byId.get(identity);
      if (other === undefined || this.#rankOf(touch) < this.#rankOf(other)) byId.set(identity, touch);
    }
    return [...byId.values()];
  }

  #rankOf({ region }: Touch): number {
    return this.regions.indexOf(region);
  }

  /** Sets what is in memory aside, to be written to the disk; it stays readable until adopt(). */
  freeze(): TouchMemory {
    assert(this.#frozen === undefined, 'touches are frozen one snapshot at a time');
    this.#frozen = this.#active;
    this.#active = new TouchMemory(this.#memoryBytes);
    return this.#frozen;
  }

  /** From now on these are the runs, and they hold what was frozen. */
  adopt(runs: readonly TouchRun[]): void {
    this.#runs = runs;
    this.#frozen?.free();
    this.#frozen = undefined;
  }

  /** Look-ups that follow fail, rather than leave out what is on the disk. */
  async close(): Promise<void> {
    for (const run of this.#runs) await run.close();
  }

  #touch(words: Int32Array, at: number): Touch {
    const region = (flagsOf(words, at) & PEER) === 0 ? this.#region : this.#peer;
    return readTouch(words, at, this.#dimensions.describe(words[at + DIMENSION]), region);
  }

  /** The name of the other region. */
  get #peer(): string {
    return this.regions.find((name) => name !== this.#region) ?? this.#region;
  }
}

/** What an event is known by in both regions: an id may come again once it is forgotten, but at another time. */
function identityOf({ eventId, eventTime }: Touch): string {
  return `${eventTime} ${eventId}`;
}

function byTimeThenId(a: Touch, b: Touch): number {
  if (a.eventTime !== b.eventTime) return a.eventTime - b.eventTime;
  if (a.eventId === b.eventId) return 0;
  return a.eventId < b.eventId ? -1 : 1;
}
