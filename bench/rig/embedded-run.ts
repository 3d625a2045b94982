/** Takes a file of NDJSON into a new region and says what it took: `node bench/rig/embedded-run.ts FILE DIRECTORY touches|no-touches`. */
import { mkdir, readFile } from 'node:fs/promises';
import { ingestAll, openBenchRegion } from './bench-region.ts';
import { cpuMsOf } from './cpu-time.ts';

export interface EmbeddedRun {
  readonly wallMs: number;
  /** Of the whole process, reading the file included. */
  readonly cpuMs: number;
  readonly counted: number;
}

const EVENTS_PER_BODY = 1000;
const NEWLINE = 10;

const [file, directory, touches] = process.argv.slice(2);

function bodiesOf(lines: Buffer): Buffer[] {
  const bodies: Buffer[] = [];
  for (let start = 0; start < lines.length;) {
    let end = start;
    for (let n = 0; n < EVENTS_PER_BODY && end < lines.length; n++) end = lines.indexOf(NEWLINE, end) + 1;
    bodies.push(lines.subarray(start, end));
    start = end;
  }
  return bodies;
}

for (const name of ['cold', 'warm']) await mkdir(`${directory}/${name}`, { recursive: true });
const region = await openBenchRegion(`${directory}/cold`, {}, { keepsTouches: touches === 'touches' });
// As the JVM of Flink is: the code is compiled before anything is measured.
const warm = await openBenchRegion(`${directory}/warm`, {}, { keepsTouches: touches === 'touches' });
await ingestAll(warm, bodiesOf(await readFile(file)).slice(0, 200));
await warm.close();

let counted = 0;
const startMs = performance.now();
const cpuMs = await cpuMsOf(async () => (counted = await ingestAll(region, bodiesOf(await readFile(file)))));
const wallMs = performance.now() - startMs;
await region.close();
process.send!({ wallMs, cpuMs, counted } satisfies EmbeddedRun);
