/** A process that loads a scripted feed into a warehouse, again and again the same one, until it is killed or done. */
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { WarehouseSink } from '../../src/adapters/warehouse/warehouse-sink.ts';
import { FEEDS, RecordScript } from '../adapters/warehouse/record-script.ts';

const [directory, seed, pages, records] = process.argv.slice(2);
const script = new RecordScript(Number(seed), Number(pages), Number(records));
// Files of a few pages, put together all the time, and removed soon after.
const options = { fileRows: Number(records) * 2, fileAgeMs: 1000, fileBytesMax: 300_000, graceMs: 20 };
const sink = await WarehouseSink.open({ directory, clock: nodeClock, ...options });
console.log('open');
const positions = new Map<unknown, string>();
for (let moved = true; moved;) {
  moved = false;
  for (const feed of FEEDS) {
    const page = script.next(feed, positions.get(feed) ?? (await sink.cursor(feed)));
    if (page === undefined) continue;
    await sink.load(feed, page);
    positions.set(feed, page.cursor);
    moved = true;
  }
}
await sink.flush();
// What was replaced last goes after its grace.
await new Promise((resolve) => setTimeout(resolve, 50));
await sink.close();
console.log('done');
