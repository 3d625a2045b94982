/**
 * The dedupe index alone: `node bench/dedupe.ts [millions of ids] [rows a batch]`. Random ids, 1% of them seen before, and a
 * delta snapshot for every million, about as often as the engine takes them. All times are CPU time of the thread, without
 * the making of ids; pauses are of one batch.
 */
import { CONTENT, EventBatch, ID, ROW_WORDS } from '../src/embedded/scan/event-batch.ts';
import { DedupeIndex, UNSEEN } from '../src/embedded/dedupe/dedupe-index.ts';

const MILLION = 1_000_000;
const idsMax = Number(process.argv[2] ?? 10) * MILLION;
const batchSize = Number(process.argv[3] ?? 500);
const seed = crypto.getRandomValues(new Uint8Array(16));
const batch = new EventBatch(batchSize);
const rows = Int32Array.from({ length: batchSize }, (_, row) => row);

/** Batches of one stretch of the run. */
class Stretch {
  batches = 0;
  sumMs = 0;
  maxMs = 0;

  measure(action: () => void): void {
    const before = process.threadCpuUsage();
    action();
    const { user, system } = process.threadCpuUsage(before);
    const ms = (user + system) / 1000;
    this.batches++;
    this.sumMs += ms;
    this.maxMs = Math.max(this.maxMs, ms);
  }
}

/** The id with this number, so that an earlier one can come again without being kept. */
function writeEvent(row: number, number: number): void {
  const at = row * ROW_WORDS;
  for (let word = 0; word < 4; word++) {
    let x = number ^ Math.imul(word + 1, 0x9e3779b1);
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    batch.words[at + ID + word] = x ^ (x >>> 15);
  }
  batch.words[at + CONTENT] = number;
}

function fillBatch(first: number): void {
  for (let row = 0; row < batchSize; row++) {
    writeEvent(row, row % 100 === 99 ? Math.floor(first * Math.random()) : first + row);
  }
}

function judgeBatch(index: DedupeIndex, generation: number): void {
  index.locate(batch.words, rows, batchSize);
  for (let i = 0; i < batchSize; i++) if (index.seen(i) === UNSEEN) index.add(i, generation);
}

function snapshotDelta(index: DedupeIndex): void {
  index.beginSnapshot('delta');
  for (let n = 0; n < index.slices; n++) index.slice(n);
  index.endSnapshot();
}

function snapshotFull(index: DedupeIndex): void {
  const copy = new DedupeIndex(seed, { expectedIds: index.size });
  const [slicing, loading] = [new Stretch(), new Stretch()];
  let words: Int32Array;
  index.beginSnapshot('full');
  for (let n = 0; n < index.slices; n++) {
    slicing.measure(() => (words = index.slice(n)));
    loading.measure(() => copy.load(words));
  }
  index.endSnapshot();
  const each = (stretch: Stretch): string => ((stretch.sumMs / index.size) * MILLION).toFixed(0);
  console.log(
    `full snapshot: ${each(slicing)} ns an id, slice at most ${slicing.maxMs.toFixed(1)} ms; ` +
      `load: ${each(loading)} ns an id; ${copy.size === index.size ? 'all' : 'NOT ALL'} came back`,
  );
}

function insert(index: DedupeIndex): void {
  const rssBefore = process.memoryUsage().rss;
  let stretch = new Stretch();
  let mark = MILLION;
  for (let first = 0, delta = 0; index.size < idsMax; first += batchSize) {
    fillBatch(first);
    stretch.measure(() => judgeBatch(index, Math.floor(first / (4 * MILLION))));
    if (first >= delta) {
      snapshotDelta(index);
      delta += MILLION;
    }
    if (index.size < mark) continue;
    const rss = process.memoryUsage().rss - rssBefore;
    console.log(
      `${Math.round(index.size / MILLION)}M ids: ` +
        `${((stretch.sumMs / stretch.batches / batchSize) * MILLION).toFixed(0)} ns an event, ` +
        `pause at most ${stretch.maxMs.toFixed(1)} ms, ${(index.bytes / index.size).toFixed(2)} B an id, ` +
        `RSS ${(rss / index.size).toFixed(2)} B an id`,
    );
    stretch = new Stretch();
    mark += mark < 10 * MILLION ? 3 * MILLION : 10 * MILLION;
  }
}

const index = new DedupeIndex(seed);
insert(index);
snapshotFull(index);
