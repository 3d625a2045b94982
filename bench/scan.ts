import { EventBatch } from '../src/embedded/scan/event-batch.ts';
import { EventScanner } from '../src/embedded/scan/event-scanner.ts';
import { countEvents } from '../src/model/request/event-splitter.ts';
import { ALWAYS_REQUIRED } from '../src/model/ad-event.ts';

/**
 * CPU time an event of JSON.parse alone and of the scanner, over the same bytes in the same run: `node bench/scan.ts`.
 * Events of 270 to 300 bytes with shuffled fields, UUID ids, 100k ads and 10M users.
 */
const EVENTS = 40_000;
const ROUNDS = 9;
const ADS = 100_000;
const USERS = 10_000_000;

let state = 20260131;
/** A whole number below `limit`; xorshift, so that every run has the same events. */
function pick(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

function uuid(): string {
  const hex = Array.from({ length: 8 }, () => pick(65_536).toString(16).padStart(4, '0'));
  return `${hex[0]}${hex[1]}-${hex[2]}-4${hex[3].slice(1)}-a${hex[4].slice(1)}-${hex[5]}${hex[6]}${hex[7]}`;
}

function shuffled<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = pick(last + 1);
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}

interface Shape {
  readonly isShuffled: boolean;
  readonly isTimeText: boolean;
}

function eventText(index: number, { isShuffled, isTimeText }: Shape): string {
  const ad = pick(ADS);
  const time = 1_780_000_000_000 + index * 7;
  const fields: [string, unknown][] = [
    ['eventId', uuid()],
    ['eventType', pick(10) === 0 ? 'click' : 'impression'],
    ['eventTime', isTimeText ? new Date(time).toISOString() : time],
    ['adId', `ad-${ad}`],
    ['campaignId', `campaign-${ad % 9000}`],
    ['advertiserId', `advertiser-${ad % 800}`],
    ['userId', `user-${pick(USERS)}`],
    ['merchantId', `merchant-${ad % 20_000}`],
    ['placement', ['home_feed', 'search', 'restaurant_page', 'checkout'][pick(4)]],
    ['costMicros', 500 + pick(20_000)],
    ['currency', 'EUR'],
  ];
  return JSON.stringify(Object.fromEntries(isShuffled ? shuffled(fields) : fields));
}

/** CPU time of `work`, ns an event: the least and the middle of the rounds. */
function measure(name: string, work: () => number): { name: string; least: number; middle: number } {
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS + 3; round++) {
    const before = process.cpuUsage();
    const count = work();
    const { user, system } = process.cpuUsage(before);
    if (count !== EVENTS) throw new Error(`${name} found ${count} events, not ${EVENTS}`);
    if (round >= 3) samples.push(((user + system) * 1000) / EVENTS);
  }
  samples.sort((a, b) => a - b);
  return { name, least: samples[0], middle: samples[ROUNDS >> 1] };
}

function parseLines(body: Buffer, encoding: 'latin1' | 'utf8'): number {
  let count = 0;
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(10, start);
    const event = JSON.parse(body.toString(encoding, start, end)) as { eventId: string };
    if (event.eventId.length === 36) count++;
    start = end + 1;
  }
  return count;
}

const scanner = new EventScanner(
  { requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' },
  new Uint8Array(32).fill(7),
);
const batch = new EventBatch(1024);

function scan(body: Buffer, format: 'json' | 'ndjson'): number {
  let count = 0;
  let at = 0;
  do {
    batch.clear();
    at = scanner.scan(body, format, at, batch);
    count += batch.count;
  } while (at < body.length);
  return count;
}

function run(title: string, shape: Shape): void {
  const lines = Array.from({ length: EVENTS }, (_, index) => eventText(index, shape));
  const ndjson = Buffer.from(`${lines.join('\n')}\n`);
  const array = Buffer.from(`[${lines.join(',')}]`);
  const results = [
    measure('JSON.parse of latin1 lines', () => parseLines(ndjson, 'latin1')),
    measure('JSON.parse of utf8 lines', () => parseLines(ndjson, 'utf8')),
    measure('scan ndjson', () => scan(ndjson, 'ndjson')),
    measure('scan json array', () => scan(array, 'json')),
    measure('countEvents ndjson', () => countEvents(ndjson, 'ndjson', EVENTS)),
    measure('countEvents json array', () => countEvents(array, 'json', EVENTS)),
  ];
  console.log(`${title}, ${Math.round(ndjson.length / EVENTS)} bytes an event`);
  const base = results[0].least;
  for (const { name, least, middle } of results) {
    const cells = [
      least.toFixed(0).padStart(6),
      middle.toFixed(0).padStart(6),
      (least / base).toFixed(2).padStart(6),
    ];
    console.log(`  ${name.padEnd(28)} ${cells.join(' ')}  (ns least, ns middle, ratio)`);
  }
}

run('shuffled fields, RFC 3339', { isShuffled: true, isTimeText: true });
run('shuffled fields, Unix ms', { isShuffled: true, isTimeText: false });
run('fields in one order, RFC 3339', { isShuffled: false, isTimeText: true });
