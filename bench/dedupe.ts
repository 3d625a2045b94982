/**
 * The dedupe index alone: `node bench/dedupe.ts [millions of ids] [batch]`. Random 128-bit ids, 1% of them seen before, a
 * delta snapshot every 2M ids as the engine takes them. CPU time, without making the ids.
 */
import { DedupeIndex, UNSEEN } from '../src/embedded/state/dedupe-index.ts';
import { CONTENT, EventBatch, ID, ROW_WORDS } from '../src/embedded/scan/event-batch.ts';

const MILLION = 1_000_000;
const idsMax = Number(process.argv[2] ?? 10) * MILLION;
const batchSize = Number(process.argv[3] ?? 1000);
const DELTA_EVERY = 2 * MILLION;

/** Ids by number, so that an earlier one can be repeated without being kept. */
function writeId(words: Int32Array, at: number, number: number): void {
  for (let word = 0; word < 4; word++) {
    let x = (number ^ Math.imul(word + 1, 0x9e3779b1)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    words[at + word] = x ^ (x >>> 15);
  }
}

const batch = new EventBatch(batchSize);
const rows = Int32Array.from({ length: batchSize }, (_, row) => row);
const seed = crypto.getRandomValues(new Uint8Array(16));
const mb = (bytes: number): number => Math.round(bytes / 1e6);

function fillBatch(first: number): void {
  for (let row = 0; row < batchSize; row++) {
    const repeat = row % 100 === 99;
    const number = repeat ? Math.floor(first * Math.random()) : first + row;
    writeId(batch.words, row * ROW_WORDS + ID, number);
    batch.words[row * ROW_WORDS + CONTENT] = number;
  }
}

function judgeBatch(index: DedupeIndex, generation: number): number {
  index.locate(batch.words, rows, batchSize);
  let added = 0;
  for (let i = 0; i < batchSize; i++) {
    if (index.seen(i) !== UNSEEN) continue;
    index.add(i, generation);
    added++;
  }
  return added;
}

function insert(): void {
  const rssBefore = process.memoryUsage().rss;
  const index = new DedupeIndex(seed);
  let pauseMsMax = 0;
  let pauseMsAll = 0;
  let snapshotMs = 0;
  let bytesPerIdSum = 0;
  let samples = 0;
  let next = MILLION;
  let [cpuMs, counted, lastIds] = [0, 0, 0];
  let sinceDelta = 0;
  for (let first = 0; index.size < idsMax; first += batchSize) {
    fillBatch(first);
    const start = performance.now();
    const cpu = process.cpuUsage();
    const added = judgeBatch(index, 490_000 + Math.floor(first / 4e6));
    const used = process.cpuUsage(cpu);
    const ms = performance.now() - start;
    cpuMs += (used.user + used.system) / 1000;
    pauseMsMax = Math.max(pauseMsMax, ms);
    pauseMsAll = Math.max(pauseMsAll, ms);
    counted += batchSize;
    sinceDelta += added;
    if (sinceDelta >= DELTA_EVERY) {
      sinceDelta = 0;
      const t = performance.now();
      index.beginSnapshot('delta');
      for (let n = 0; n < index.slices; n++) index.slice(n);
      index.endSnapshot();
      snapshotMs = Math.max(snapshotMs, performance.now() - t);
    }
    if (index.size >= MILLION && first % (50 * batchSize) === 0) {
      bytesPerIdSum += index.bytes / index.size;
      samples++;
    }
    if (index.size >= next) {
      const rss = process.memoryUsage().rss - rssBefore;
      console.log(
        `${mb(index.size)}M ids: ${Math.round((cpuMs * 1e6) / counted)} ns/insert since ${mb(lastIds)}M, ` +
          `pause max ${pauseMsMax.toFixed(1)} ms, ${(index.bytes / index.size).toFixed(2)} B/id ` +
          `(mean ${(bytesPerIdSum / samples).toFixed(2)}), RSS ${(rss / index.size).toFixed(2)} B/id`,
      );
      lastIds = index.size;
      [cpuMs, counted, pauseMsMax] = [0, 0, 0];
      next += next < 10 * MILLION ? 3 * MILLION : 10 * MILLION;
    }
  }
  console.log(
    `delta snapshot at most ${snapshotMs.toFixed(1)} ms in all its slices, pause max ${pauseMsAll.toFixed(1)} ms`,
  );
  fullSnapshot(index);
}

function fullSnapshot(index: DedupeIndex): void {
  const copy = new DedupeIndex(seed, { expectedIds: index.size });
  index.beginSnapshot('full');
  let [sliceMsMax, sliceMs, loadMs, words] = [0, 0, 0, 0];
  for (let n = 0; n < index.slices; n++) {
    const start = performance.now();
    const slice = index.slice(n);
    const sliced = performance.now();
    copy.load(slice);
    loadMs += performance.now() - sliced;
    sliceMs += sliced - start;
    sliceMsMax = Math.max(sliceMsMax, sliced - start);
    words += slice.length;
  }
  index.endSnapshot();
  console.log(
    `full snapshot ${mb(words * 4)} MB: ${((sliceMs * 1e6) / index.size).toFixed(0)} ns/id, slice max ${sliceMsMax.toFixed(2)} ms; ` +
      `load ${((loadMs * 1e6) / copy.size).toFixed(0)} ns/id, ${copy.size === index.size ? 'same size' : 'SIZES DIFFER'}, ${(copy.bytes / copy.size).toFixed(2)} B/id`,
  );
}

insert();
