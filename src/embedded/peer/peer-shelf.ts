import type { Entry } from '../log/entry.ts';
import type { EntryMarks } from './marks.ts';
import { copyShipment, shipmentOf, type Shipment } from './shipment.ts';

/** What the peer has yet to fetch is kept in so much memory; earlier blocks are read from the log. */
const SHELF_BYTES = 64 << 20;

/** What the latest blocks have for the peer, in memory: a peer that keeps up costs no reading from the disk. */
export class PeerShelf {
  #shipments: Shipment[] = [];
  #bytes = 0;
  /** Blocks from this one on are here; those without a shipment have nothing for the peer. */
  #from = Number.POSITIVE_INFINITY;
  #parts: Shipment[] = [];

  /** Blocks from this one on are here; Infinity when none is. */
  get from(): number {
    return this.#from;
  }

  /** Begins to keep what comes after block `block`, unless it does already. */
  open(block: number): void {
    if (this.#from === Number.POSITIVE_INFINITY) this.#from = block + 1;
  }

  /** Lets go of everything: nobody fetches it. */
  close(): void {
    this.#shipments = [];
    this.#bytes = 0;
    this.#from = Number.POSITIVE_INFINITY;
  }

  /** Keeps a copy of what an entry, just applied, has for the peer. */
  add(block: number, entry: Entry, marks: EntryMarks): void {
    if (block < this.#from || marks === 0) return;
    this.#parts.push(copyShipment(shipmentOf(block, [entry], [marks])));
  }

  /** All entries of the block have been added. */
  endBlock(block: number): void {
    if (this.#parts.length === 0) return;
    const parts = this.#parts;
    this.#parts = [];
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    this.#shipments.push({
      block,
      arrival: Math.max(...parts.map(({ arrival }) => arrival)),
      bytes,
      withdrawn: parts.flatMap(({ withdrawn }) => withdrawn),
      events: parts.flatMap(({ events }) => events),
      orders: parts.flatMap(({ orders }) => orders),
    });
    this.#bytes += bytes;
    while (this.#bytes > SHELF_BYTES) {
      const oldest = this.#shipments.shift()!;
      this.#bytes -= oldest.bytes;
      this.#from = oldest.block + 1;
    }
  }

  /** Shipments of blocks after `block`, oldest first, until they have `bytesMax` bytes; `block + 1` must be here. */
  after(block: number, bytesMax: number): Shipment[] {
    const found: Shipment[] = [];
    let bytes = 0;
    for (let at = this.#firstAfter(block); at < this.#shipments.length && bytes < bytesMax; at++) {
      found.push(this.#shipments[at]);
      bytes += this.#shipments[at].bytes;
    }
    return found;
  }

  #firstAfter(block: number): number {
    let [low, high] = [0, this.#shipments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#shipments[middle].block > block) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
