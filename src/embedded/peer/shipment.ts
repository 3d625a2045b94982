import type { UnixMs } from '../../base/clock.ts';
import { ENTRY_KIND, type Entry } from '../log/entry.ts';
import { EventSplitter } from '../../model/request/event-splitter.ts';
import { decodeBackfill } from '../backfill.ts';
import { decodeReplayBody } from '../state/replay-body.ts';
import { markReader, type EntryMarks } from './marks.ts';
import { decodePeerPage, type PeerPageContent } from './peer-page.ts';
import type { BodyFormat } from '../../model/request/ingest.ts';

/** What the peer must hear of one block. */
export interface Shipment extends PeerPageContent {
  readonly block: number;
  /** Latest arrival in the block, Unix ms; 0 when it has no entry. */
  readonly arrival: UnixMs;
  readonly bytes: number;
}

/** What the peer must hear of a block with these entries and marks. The parts are views of the entries' bodies. */
export function shipmentOf(block: number, entries: readonly Entry[], marks: readonly EntryMarks[]): Shipment {
  const content = { withdrawn: [] as Uint8Array[], events: [] as Uint8Array[], orders: [] as Uint8Array[] };
  for (const [n, entry] of entries.entries()) {
    const entryMarks = marks[n] ?? 0;
    if (entryMarks === 0) continue;
    const isMarked = markReader(entryMarks);
    let index = 0;
    const part = content[partOf(entry)];
    for (const event of eventsOf(entry)) if (isMarked(index++)) part.push(event);
  }
  const arrival = entries.reduce((latest, entry) => Math.max(latest, entry.arrival), 0);
  const { withdrawn, events, orders } = content;
  const bytes = [withdrawn, events, orders].flat().reduce((sum, { length }) => sum + length + 1, 0);
  return { block, arrival, bytes, ...content };
}

/** The same with bytes of its own, which last. */
export function copyShipment(shipment: Shipment): Shipment {
  const buffer = new Uint8Array(shipment.bytes);
  let end = 0;
  const copy = (part: Uint8Array): Uint8Array => {
    buffer.set(part, end);
    return buffer.subarray(end, (end += part.length));
  };
  const { withdrawn, events, orders } = shipment;
  return {
    ...shipment,
    withdrawn: withdrawn.map(copy),
    events: events.map(copy),
    orders: orders.map(copy),
  };
}

function partOf({ kind }: Entry): keyof PeerPageContent {
  if (kind === ENTRY_KIND.ordersJson || kind === ENTRY_KIND.ordersNdjson) return 'orders';
  return kind === ENTRY_KIND.peerPage ? 'withdrawn' : 'events';
}

function* eventsOf({ kind, body }: Entry): Generator<Uint8Array> {
  switch (kind) {
    case ENTRY_KIND.eventsJson:
    case ENTRY_KIND.ordersJson:
      yield* split(body, 'json');
      return;
    case ENTRY_KIND.eventsNdjson:
    case ENTRY_KIND.ordersNdjson:
      yield* split(body, 'ndjson');
      return;
    case ENTRY_KIND.quarantineReplay: {
      const { lengths, eventsAt } = decodeReplayBody(body);
      let end = eventsAt;
      for (const length of lengths) yield body.subarray(end, (end += length));
      return;
    }
    case ENTRY_KIND.backfill:
      yield* split(body.subarray(decodeBackfill(body).eventsAt), 'ndjson');
      return;
    case ENTRY_KIND.peerPage:
      yield* split(decodePeerPage(body).events, 'json');
      return;
    default:
  }
}

function* split(body: Uint8Array, format: BodyFormat): Generator<Uint8Array> {
  const splitter = new EventSplitter();
  do {
    if (!splitter.find(body, format, splitter.next)) return;
    yield body.subarray(splitter.start, splitter.end);
  } while (splitter.next < body.length);
}
