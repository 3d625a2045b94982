import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';

/** What a page says of itself. */
interface PeerPageFacts {
  /** The region that it is from. */
  readonly region: string;
  /** Data id of its data directory: blocks of another directory are other blocks. */
  readonly data: string;
  /** The page is what came of the blocks after this one … */
  readonly after: number;
  /** … up to this one. */
  readonly block: number;
  /** Everything that arrived there up to this time, Unix ms of its clock, is in the pages up to this one. */
  readonly through: UnixMs;
  /** How far that region has heard of the other one, as `through` of its pages; 0 when it does not say. */
  readonly heard: UnixMs;
}

interface PeerPageHead extends PeerPageFacts {
  /** Bytes of its three parts, and how many there are in each. */
  readonly bytes: readonly [withdrawn: number, events: number, orders: number];
  readonly counts: readonly [withdrawn: number, events: number, orders: number];
}

/** Raw events or orders, each as it was received. */
export type RawParts = readonly Uint8Array[];

export interface PeerPageContent {
  /** Events of the reader that are the writer's under the same id with other content: to be taken out of their cells. */
  readonly withdrawn: RawParts;
  /** Events that the writer has counted. */
  readonly events: RawParts;
  /** Versions of orders that the writer has accepted. */
  readonly orders: RawParts;
}

/** A page taken apart; the parts are JSON arrays in the bytes of the page. */
export interface PeerPage extends PeerPageFacts {
  readonly withdrawn: Uint8Array;
  readonly events: Uint8Array;
  readonly orders: Uint8Array;
  /** Of all three parts. */
  readonly count: number;
}

const NEWLINE = 10;
const [OPEN, COMMA, CLOSE] = ['[', ',', ']'].map((text) => Buffer.from(text));

/** A line of JSON that says what it is, then three JSON arrays. */
export function encodePeerPage(facts: PeerPageFacts, content: PeerPageContent): Uint8Array {
  const parts = [content.withdrawn, content.events, content.orders] as const;
  const arrays = parts.map(arrayOf);
  const head: PeerPageHead = {
    ...facts,
    bytes: [arrays[0].length, arrays[1].length, arrays[2].length],
    counts: [parts[0].length, parts[1].length, parts[2].length],
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...arrays]);
}

/** Throws AdtallyError bad_request when the bytes are no page. */
export function decodePeerPage(page: Uint8Array): PeerPage {
  const lineEnd = page.indexOf(NEWLINE);
  const head = readHead(page.subarray(0, Math.max(0, lineEnd)));
  const [withdrawn, events, orders] = head.bytes;
  if (lineEnd + 1 + withdrawn + events + orders !== page.length) {
    throw new AdtallyError('bad_request', 'A page of the other region is not as long as it says.');
  }
  let end = lineEnd + 1;
  const take = (bytes: number): Uint8Array => page.subarray(end, (end += bytes));
  return {
    region: head.region,
    data: head.data,
    after: head.after,
    block: head.block,
    through: head.through,
    heard: head.heard,
    withdrawn: take(withdrawn),
    events: take(events),
    orders: take(orders),
    count: head.counts[0] + head.counts[1] + head.counts[2],
  };
}

function readHead(line: Uint8Array): PeerPageHead {
  let head: Partial<PeerPageHead> | null = null;
  try {
    head = JSON.parse(Buffer.from(line).toString()) as Partial<PeerPageHead> | null;
  } catch {
    // Told below.
  }
  const { region, data, after, block, through, heard, bytes, counts } = head ?? {};
  const numbers: unknown[] = [after, block, through, heard, ...(bytes ?? []), ...(counts ?? [])];
  const isWhole =
    typeof region === 'string' &&
    typeof data === 'string' &&
    numbers.length === 10 &&
    numbers.every((value) => Number.isSafeInteger(value) && (value as number) >= 0);
  if (!isWhole) throw new AdtallyError('bad_request', 'What the other region sent is no page of its log.');
  return head as PeerPageHead;
}

function arrayOf(parts: RawParts): Uint8Array {
  const pieces: Uint8Array[] = [OPEN];
  for (const [n, part] of parts.entries()) pieces.push(...(n === 0 ? [part] : [COMMA, part]));
  pieces.push(CLOSE);
  return Buffer.concat(pieces);
}
