/**
 * The durable path (scan, dedupe, count, log, fdatasync, snapshots) against JSON.parse alone over the same bytes, in turns in
 * one process, as events per CPU-second of the whole process. Events are made between the measured slices.
 */
import { readFile } from 'node:fs/promises';
import type { Region } from '../../src/embedded/ports.ts';
import { ingestAll, openBenchRegion } from '../rig/bench-region.ts';
import { BodySource, bytesOf, FIELD_ORDERS } from '../rig/bodies.ts';
import { cpuMsOf, median, sum } from '../rig/cpu-time.ts';
import {
  answer,
  atLeast,
  atMost,
  progress,
  told,
  withDirectory,
  type Finding,
  type Run,
} from '../rig/measurement.ts';

const NEWLINE = 10;
/**
 * JSON.parse gets slower with every order of the fields that it meets; the durable path does not care. Touches are no part of
 * that path, they are kept for orders: what it costs with them is told beside it.
 */
const CASES = [
  { eventsPerBody: 1000, fieldOrders: FIELD_ORDERS, keepsTouches: false },
  { eventsPerBody: 10_000, fieldOrders: FIELD_ORDERS, keepsTouches: false },
  { eventsPerBody: 1000, fieldOrders: FIELD_ORDERS, keepsTouches: true },
  { eventsPerBody: 1000, fieldOrders: 1000, keepsTouches: false },
  { eventsPerBody: 1000, fieldOrders: 1, keepsTouches: false },
];

interface Round {
  readonly events: number;
  readonly bytes: number;
  readonly pathCpuMs: number;
  readonly pathMs: number;
  readonly parseCpuMs: number;
}

interface Series {
  readonly eventsPerBody: number;
  readonly fieldOrders: number;
  readonly keepsTouches: boolean;
  readonly rounds: readonly Round[];
  readonly bytesWritten: number;
  /** By the system's own account. */
  readonly bytesWrittenBySystem: number;
  readonly commits: number;
  readonly snapshots: number;
}

/** What a client of JSON.parse would do with each line; returns the length of all ids, so that nothing is left out. */
function parseLines(body: Uint8Array): number {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length);
  let idLength = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf(NEWLINE, start);
    idLength += (JSON.parse(text.toString('utf8', start, end)) as { eventId: string }).eventId.length;
    start = end + 1;
  }
  return idLength;
}

async function runRound(region: Region, source: BodySource, events: number): Promise<Round> {
  const bodies = source.make(events);
  let counted = 0;
  const startMs = performance.now();
  const pathCpuMs = await cpuMsOf(async () => (counted = await ingestAll(region, bodies)));
  const pathMs = performance.now() - startMs;
  let idLength = 0;
  const parseCpuMs = await cpuMsOf(async () => {
    for (const body of bodies) idLength += parseLines(body);
  });
  if (idLength !== events * 36 || counted < events * 0.98 || counted > events * 0.995) {
    throw new Error(`${counted} of ${events} events counted, ids of ${idLength} characters`);
  }
  return { events, bytes: bytesOf(bodies), pathCpuMs, pathMs, parseCpuMs };
}

async function bytesWrittenBySystem(): Promise<number> {
  const io = await readFile('/proc/self/io', 'utf8').catch(() => '');
  return Number(/^wchar: (\d+)$/m.exec(io)?.[1] ?? Number.NaN);
}

async function series(
  directory: string,
  { eventsPerBody, fieldOrders, keepsTouches }: (typeof CASES)[number],
  { isQuick }: Run,
): Promise<Series> {
  const region = await openBenchRegion(directory, {}, { keepsTouches });
  const source = new BodySource(1 + eventsPerBody, eventsPerBody, fieldOrders);
  // A round is more than snapshotAfter, so that each has its share of snapshots.
  const events = isQuick ? 200_000 : 1_000_000;
  await runRound(region, source, 200_000);
  const before = region.status();
  const systemBefore = await bytesWrittenBySystem();
  const rounds: Round[] = [];
  for (let n = 0; n < (isQuick ? 3 : 6); n++) {
    rounds.push(await runRound(region, source, events));
    const { pathCpuMs, parseCpuMs } = rounds[n];
    progress(
      `${eventsPerBody} a body, fields in ${fieldOrders} orders: ${nsPerEvent(pathCpuMs, events)} ns an event, JSON.parse ${nsPerEvent(parseCpuMs, events)} ns`,
    );
  }
  const after = region.status();
  const bytesBySystem = (await bytesWrittenBySystem()) - systemBefore;
  await region.close();
  return {
    eventsPerBody,
    fieldOrders,
    keepsTouches,
    rounds,
    bytesWritten:
      after.logBytesWritten -
      before.logBytesWritten +
      after.snapshotBytesWritten -
      before.snapshotBytesWritten,
    bytesWrittenBySystem: bytesBySystem,
    commits: after.commits - before.commits,
    snapshots: after.snapshots - before.snapshots,
  };
}

function nsPerEvent(cpuMs: number, events: number): number {
  return Math.round((cpuMs * 1e6) / events);
}

function findingsOf({ eventsPerBody, fieldOrders, keepsTouches, rounds, bytesWritten }: Series): Finding[] {
  const events = sum(rounds.map((round) => round.events));
  const pathCpuMs = sum(rounds.map((round) => round.pathCpuMs));
  const parseCpuMs = sum(rounds.map((round) => round.parseCpuMs));
  const bytes = sum(rounds.map((round) => round.bytes));
  const orders = fieldOrders === 1 ? 'one order' : `${fieldOrders.toLocaleString('en')} orders`;
  const name = `Durable path, times as fast as JSON.parse (bodies of ${eventsPerBody.toLocaleString('en')}, fields in ${orders}${keepsTouches ? ', touches kept' : ''})`;
  const ratio = parseCpuMs / pathCpuMs;
  const ratios = rounds.map((round) => round.parseCpuMs / round.pathCpuMs);
  const times = [
    told('  the same, median of the rounds', median(ratios)),
    told('  events per CPU-second', (events / pathCpuMs) * 1000),
    told('  CPU an event', (pathCpuMs * 1e6) / events, ' ns'),
    told('  CPU an event, JSON.parse', (parseCpuMs * 1e6) / events, ' ns'),
    told('  events per second of wall time', (events / sum(rounds.map(({ pathMs }) => pathMs))) * 1000),
  ];
  const written = atMost('Bytes written per byte accepted, log and snapshots', bytesWritten / bytes, 1.5);
  if (keepsTouches) return [told(name, ratio), ...times, written];
  if (fieldOrders !== FIELD_ORDERS) return [told(name, ratio), ...times];
  return [atLeast(name, ratio, 1), ...times, written];
}

await answer(async (run) => {
  const all: Series[] = [];
  for (const one of CASES) {
    all.push(await withDirectory(run, (directory) => series(directory, one, run)));
  }
  return { findings: all.flatMap(findingsOf), raw: all };
});
