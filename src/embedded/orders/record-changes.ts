import { WideMap } from '../../base/wide-map.ts';
import type { OrderRecord } from './order-state.ts';

/** Stale entries are dropped when there are more of them than this and than live ones. */
const STALE_MIN = 1024;

/**
 * Records in the order of their last changes, so that a reader can go on from any change number. An earlier entry of a record
 * is stale; when most are, all of them are dropped at once.
 */
export class RecordChanges {
  #entries: OrderRecord[] = [];
  /** Change number of each record's last entry, by record id. */
  readonly #last = new WideMap<number>();

  /** Records that have changed at least once and are not gone. */
  get size(): number {
    return this.#last.size;
  }

  /** Enters a record as it is after its change; change numbers must grow. */
  append(record: OrderRecord): void {
    this.#entries.push(record);
    this.#last.set(record.content.recordId, record.change);
    if (this.#entries.length > 2 * this.#last.size + STALE_MIN) this.#compact();
  }

  /** Lets go of a record whose order is no longer held. */
  drop(recordId: string): void {
    this.#last.delete(recordId);
  }

  /** The records changed after change number `after`, as they are now, oldest change first. */
  *after(after: number): IterableIterator<OrderRecord> {
    for (let at = this.#firstAfter(after); at < this.#entries.length; at++) {
      if (this.#isLast(this.#entries[at])) yield this.#entries[at];
    }
  }

  /** The records with the latest changes, newest first. */
  *latest(): Generator<OrderRecord, void> {
    for (let at = this.#entries.length - 1; at >= 0; at--) {
      if (this.#isLast(this.#entries[at])) yield this.#entries[at];
    }
  }

  #isLast({ change, content }: OrderRecord): boolean {
    return this.#last.get(content.recordId) === change;
  }

  #firstAfter(after: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle].change > after) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #compact(): void {
    this.#entries = this.#entries.filter((record) => this.#isLast(record));
  }
}
