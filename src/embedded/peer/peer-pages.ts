import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { MINUTE_MS } from '../../base/units.ts';
import { ENTRY_KIND, type Entry } from '../log/entry.ts';
import { listSegments, readLog, type LogBlock, type LogEnd } from '../log/log-reader.ts';
import type { Disk, PeerPosition, PeerStatus } from '../ports.ts';
import type { Aggregation } from '../state/aggregation.ts';
import { decodeMarks, encodeMarks, type EntryMarks } from './marks.ts';
import { encodePeerPage } from './peer-page.ts';
import { PeerShelf } from './peer-shelf.ts';
import { shipmentOf, type Shipment } from './shipment.ts';

const PAGE_BYTES = 2 << 20;
/** Blocks whose marks are looked for at a time while the log is read. */
const BLOCKS_AHEAD_MAX = 4096;
/** A peer that has not asked for so long is gone: nothing is kept in memory for it. */
const GONE_AFTER_MS = MINUTE_MS;

export interface PeerPagesOptions {
  readonly region: string;
  readonly dataId: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly state: Aggregation;
  /** A page holds whole blocks, until they have so many bytes. */
  readonly pageBytes?: number | undefined;
  /** Whether nothing is accepted that is not applied yet. */
  readonly isIdle: () => boolean;
}

/** What blocks of the log have for the peer, and up to which one they were read. */
interface Shipped {
  readonly after: number;
  readonly block: number;
  readonly shipments: readonly Shipment[];
}

/** The log as far as it is read: `next` is the number of the block that comes next, of `ahead` first. */
interface Reading {
  next: number;
  ahead: LogBlock[];
  /** Whether a block has come of it: if not, there is none by the number it was begun with. */
  hasGiven: boolean;
  readonly blocks: AsyncGenerator<LogBlock, LogEnd>;
}

/** Makes the pages that the peer fetches: from memory what came lately, and from the log what came before. */
export class PeerPages {
  readonly #options: PeerPagesOptions;
  readonly #pageBytes: number;
  readonly #shelf = new PeerShelf();
  /** The block whose entries came last: it may not be whole yet. */
  #noted = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** What the peer has taken in up to this block, as its last question said; 0 before it asked. */
  #takenThrough = 0;
  /** Marks of blocks up to this one are in the log, or on their way. */
  #marksWritten = 0;
  /** Goes on where the last page read from the log ended; `ahead` was read already, for the marks in it. */
  #reading: Reading | undefined;
  /** Pages are read from the log one at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: PeerPagesOptions) {
    this.#options = options;
    this.#pageBytes = options.pageBytes ?? PAGE_BYTES;
  }

  /** To be called with each entry of the next block once it is applied, while its body is still there. */
  noteEntry(block: number, index: number, entry: Entry): void {
    this.#noted = block;
    this.#shelf.add(block, entry, this.#options.state.marks.get(block)?.[index] ?? 0);
  }

  endBlock(block: number): void {
    this.#shelf.endBlock(block);
    if (this.#options.clock.monotonicMs() - this.#askedAtMs > GONE_AFTER_MS) this.#shelf.close();
  }

  /** The marks that do not stand in the log yet, as an entry for its next block. */
  takeMarks(): readonly Entry[] {
    const { state, clock } = this.#options;
    const blocks = state.marks.between(this.#marksWritten, state.scalars.block);
    if (blocks.length === 0) return [];
    this.#marksWritten = blocks.at(-1)!.block;
    return [{ kind: ENTRY_KIND.marks, arrival: clock.now(), body: encodeMarks(blocks) }];
  }

  /** Whether the peer has yet to take in blocks up to this one, and may still do so. */
  isOwed(lastBlock: number, lastArrival: UnixMs): boolean {
    const { latestArrival, rules } = this.#options.state.scalars;
    if (rules.regions.length < 2 || lastBlock <= this.#takenThrough) return false;
    return lastArrival >= latestArrival - rules.holdMaxMs;
  }

  /** Null where the pipeline has one region. */
  status(): PeerStatus | null {
    const { scalars, peerEvents } = this.#options.state;
    if (scalars.rules.regions.length < 2) return null;
    const { peer, settled } = scalars;
    return { ...peer, settled, takenThrough: this.#takenThrough, yielded: peerEvents.yielded.events };
  }

  /**
   * The page that follows a position. Rejects with bad_cursor for a position ahead of this region, and when the log cannot be
   * read.
   */
  async next({
    data,
    block,
  }: PeerPosition): Promise<{ readonly page: Uint8Array; readonly isEmpty: boolean }> {
    const { state, dataId, clock } = this.#options;
    const from = data === dataId ? block : 0;
    if (from > state.scalars.block) {
      throw new AdtallyError(
        'bad_cursor',
        `The other region has taken in block ${from} of this one, which ends with ${state.scalars.block}: it has lost its end, or is an old copy.`,
      );
    }
    this.#askedAtMs = clock.monotonicMs();
    this.#takenThrough = from;
    const shipped = from + 1 >= this.#shelf.from ? this.#fromShelf(from) : await this.#inTurn(from);
    this.#shelf.open(Math.max(state.scalars.block, this.#noted));
    return this.#encode(shipped);
  }

  /** Ends what is being read. */
  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    await this.#stopReading();
  }

  #fromShelf(from: number): Shipped {
    const shipments = this.#shelf.after(from, this.#pageBytes);
    const visible = this.#options.state.scalars.block;
    const last = shipments.at(-1)?.block ?? from;
    const isAll = this.#shelf.after(last, 1).length === 0;
    return { after: from, block: isAll ? visible : last, shipments };
  }

  #inTurn(from: number): Promise<Shipped> {
    const shipped = this.#turn.then(() => this.#untilSomething(from));
    this.#turn = shipped.catch(() => undefined);
    return shipped;
  }

  /** Passes over blocks that have nothing for the peer, however many: it could not tell them from the end. */
  async #untilSomething(from: number): Promise<Shipped> {
    let shipped = await this.#fromLog(from);
    const { after } = shipped;
    while (shipped.shipments.length === 0 && shipped.block < this.#options.state.scalars.block) {
      shipped = await this.#fromLog(shipped.block);
    }
    return { ...shipped, after };
  }

  /** Reads blocks after `from` until a page is full, and further until the marks of all of them are known. */
  async #fromLog(from: number): Promise<Shipped> {
    const { state, disk } = this.#options;
    const visible = state.scalars.block;
    const marks: Map<number, readonly EntryMarks[]> = new Map(
      state.marks.between(0, visible).map(({ block, entries }) => [block, entries]),
    );
    const [oldest = 1] = await listSegments(disk);
    const after = Math.max(from, oldest - 1);
    const waiting: LogBlock[] = [];
    const beyond: LogBlock[] = [];
    let bytes = 0;
    let last = after;
    for await (const block of this.#blocks(after + 1, visible)) {
      for (const { kind, body } of block.entries) {
        if (kind !== ENTRY_KIND.marks) continue;
        for (const known of decodeMarks(body)) marks.set(known.block, known.entries);
      }
      const isWanted = bytes < this.#pageBytes && waiting.length < BLOCKS_AHEAD_MAX;
      if (isWanted) {
        waiting.push(block);
        bytes += block.entries.reduce((sum, { body }) => sum + body.length, 0);
        last = block.number;
        continue;
      }
      beyond.push(block);
      if (waiting.every(({ number, entries }) => marks.has(number) || !entries.some(mayBeMarked))) break;
    }
    this.#putBack(beyond);
    const shipments = waiting
      .map(({ number, entries }) => shipmentOf(number, entries, marks.get(number) ?? []))
      .filter((shipment) => shipment.bytes > 0);
    return { after, block: last, shipments };
  }

  /** Blocks from `from` to `to`. */
  async *#blocks(from: number, to: number): AsyncGenerator<LogBlock> {
    const { disk, dataId } = this.#options;
    for (let next = from; next <= to;) {
      if (this.#reading?.next !== next) {
        await this.#stopReading();
        const blocks = readLog(disk, Buffer.from(dataId, 'hex'), next);
        this.#reading = { next, ahead: [], hasGiven: false, blocks };
      }
      const reading = this.#reading;
      const known = reading.ahead.shift();
      const step = known === undefined ? await reading.blocks.next() : { done: false as const, value: known };
      if (step.done === true) {
        // What had been written when the segment was read has come: what follows is read anew.
        this.#reading = undefined;
        if (!reading.hasGiven) {
          throw new AdtallyError('data_corrupt', `Block ${next} is not in the log, though it was applied.`);
        }
        continue;
      }
      reading.hasGiven = true;
      reading.next = step.value.number + 1;
      next = reading.next;
      yield step.value;
    }
  }

  /** The next page begins with these: to open a segment again for them would be to read all of it once for every page. */
  #putBack(blocks: readonly LogBlock[]): void {
    const [first] = blocks;
    if (first === undefined || this.#reading?.next !== blocks.at(-1)!.number + 1) return;
    this.#reading.ahead.unshift(...blocks);
    this.#reading.next = first.number;
  }

  async #stopReading(): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    await reading?.blocks.return({} as LogEnd);
  }

  #encode({ after, block, shipments }: Shipped): { page: Uint8Array; isEmpty: boolean } {
    const { region, dataId, state } = this.#options;
    const isAll = block === state.scalars.block;
    const facts = {
      region,
      data: dataId,
      after,
      block,
      through: isAll ? this.#now() : Math.max(0, ...shipments.map(({ arrival }) => arrival)),
      heard: isAll ? state.scalars.peer.through : 0,
    };
    const content = {
      withdrawn: shipments.flatMap(({ withdrawn }) => withdrawn),
      events: shipments.flatMap(({ events }) => events),
      orders: shipments.flatMap(({ orders }) => orders),
    };
    return { page: encodePeerPage(facts, content), isEmpty: shipments.length === 0 };
  }

  /** Whatever arrived up to this time is in the blocks that are visible. */
  #now(): UnixMs {
    const { state, clock, isIdle } = this.#options;
    const { latestArrival } = state.scalars;
    return isIdle() ? Math.max(latestArrival, clock.now()) : latestArrival;
  }
}

function mayBeMarked({ kind }: Entry): boolean {
  return kind !== ENTRY_KIND.marks && kind !== ENTRY_KIND.rules && kind !== ENTRY_KIND.enrichment;
}
