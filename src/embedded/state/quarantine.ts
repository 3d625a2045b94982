import { assert } from '../../base/assert.ts';

/** A row of 8 doubles per entry, in a ring: the raw bytes stay in the log, the quarantine only knows where. */
const ROW = 8;
const ARRIVAL = 0;
const VERDICT = 1;
const FAULT = 2;
const FAULT_FIELD = 3;
const SEGMENT = 4;
const OFFSET = 5;
const LENGTH = 6;
/** 1 once the entry was judged again and is no longer held. */
const GONE = 7;

/** An event that was not counted and is no duplicate: what became of it, and where its bytes stand in the log. */
export interface QuarantinedEvent {
  readonly id: number;
  readonly arrival: number;
  /** Index in VERDICTS. */
  readonly verdict: number;
  /** As in a scanned row: 0, or index in INVALID_CODES + 1 and EVENT_FIELDS + 1. */
  readonly fault: number;
  readonly faultField: number;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** Holds the newest entries up to a limit, oldest out first; ids count from 1 and are never given twice. */
export class Quarantine {
  #limit: number;
  #rows = new Float64Array(64 * ROW);
  /** Ids #oldest … #next − 1 have a row, some of them gone. */
  #oldest = 1;
  #next = 1;
  #gone = 0;
  /** Entries that left without being judged again: pushed out, or older than the log. */
  dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#next - this.#oldest - this.#gone;
  }

  setLimit(limit: number): void {
    this.#limit = limit;
    while (this.#next - this.#oldest > limit) this.#dropOldest();
  }

  add(event: Omit<QuarantinedEvent, 'id'>): void {
    if (this.#limit === 0) {
      this.#oldest++;
      this.#next++;
      this.dropped++;
      return;
    }
    if (this.#next - this.#oldest === this.#limit) this.#dropOldest();
    this.#reserve();
    const at = this.#at(this.#next++);
    this.#rows[at + ARRIVAL] = event.arrival;
    this.#rows[at + VERDICT] = event.verdict;
    this.#rows[at + FAULT] = event.fault;
    this.#rows[at + FAULT_FIELD] = event.faultField;
    this.#rows[at + SEGMENT] = event.segment;
    this.#rows[at + OFFSET] = event.offset;
    this.#rows[at + LENGTH] = event.length;
    this.#rows[at + GONE] = 0;
  }

  get(id: number): QuarantinedEvent | undefined {
    if (!Number.isInteger(id) || id < this.#oldest || id >= this.#next) return undefined;
    const at = this.#at(id);
    const rows = this.#rows;
    if (rows[at + GONE] === 1) return undefined;
    return {
      id,
      arrival: rows[at + ARRIVAL],
      verdict: rows[at + VERDICT],
      fault: rows[at + FAULT],
      faultField: rows[at + FAULT_FIELD],
      segment: rows[at + SEGMENT],
      offset: rows[at + OFFSET],
      length: rows[at + LENGTH],
    };
  }

  /** Newest first, below id `before`. */
  *newest(before = Infinity): IterableIterator<QuarantinedEvent> {
    for (let id = Math.min(this.#next, before) - 1; id >= this.#oldest; id--) {
      const event = this.get(id);
      if (event !== undefined) yield event;
    }
  }

  /** Takes an entry out because it is judged again. No effect when it is not held. */
  release(id: number): void {
    if (this.get(id) === undefined) return;
    this.#rows[this.#at(id) + GONE] = 1;
    this.#gone++;
  }

  /** Drops what arrived before `before`: its bytes may leave the log. */
  expire(before: number): void {
    while (this.#oldest < this.#next && this.#rows[this.#at(this.#oldest) + ARRIVAL] < before)
      this.#dropOldest();
  }

  dump(): Float64Array {
    const out = new Float64Array(3 + (this.#next - this.#oldest) * ROW);
    out.set([this.#oldest, this.#gone, this.dropped]);
    for (let id = this.#oldest; id < this.#next; id++) {
      const at = this.#at(id);
      out.set(this.#rows.subarray(at, at + ROW), 3 + (id - this.#oldest) * ROW);
    }
    return out;
  }

  load(dump: Float64Array): void {
    const count = (dump.length - 3) / ROW;
    assert(Number.isInteger(count), 'a dump of the quarantine holds whole rows');
    [this.#oldest, this.#gone, this.dropped] = dump as unknown as [number, number, number];
    this.#next = this.#oldest;
    for (let n = 0; n < count; n++) {
      this.#reserve();
      this.#rows.set(dump.subarray(3 + n * ROW, 3 + (n + 1) * ROW), this.#at(this.#next++));
    }
  }

  #dropOldest(): void {
    if (this.#rows[this.#at(this.#oldest) + GONE] === 1) this.#gone--;
    else this.dropped++;
    this.#oldest++;
  }

  #at(id: number): number {
    return (id % (this.#rows.length / ROW)) * ROW;
  }

  /** Doubles the ring when it is full. */
  #reserve(): void {
    const room = this.#rows.length / ROW;
    if (this.#next - this.#oldest < room) return;
    const rows = new Float64Array(this.#rows.length * 2);
    for (let id = this.#oldest; id < this.#next; id++) {
      const at = this.#at(id);
      rows.set(this.#rows.subarray(at, at + ROW), (id % (room * 2)) * ROW);
    }
    this.#rows = rows;
  }
}
