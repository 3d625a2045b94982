/**
 * Touches: what they cost an event (two regions count the same bodies in turns, one of them without touches), and how long a
 * look-up takes among many touches of many users over seven days, in sorted runs as the engine leaves them.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS } from '../../src/base/units.ts';
import { ingestAll, openBenchRegion } from '../rig/bench-region.ts';
import { BodySource } from '../rig/bodies.ts';
import { cpuMsOf, median, quantile, sum } from '../rig/cpu-time.ts';
import { FilledTouches } from '../rig/filled-touches.ts';
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
import { makeStarvation, watchTurns, type Turns } from '../rig/turns.ts';

const MILLION = 1_000_000;
const LOOK_UPS = 20_000;
/** So few that they hardly warm the pages for each other. */
const COLD_LOOK_UPS = 4000;

interface Costs {
  readonly withNs: number[];
  readonly withoutNs: number[];
}

async function measureCosts(directory: string, { isQuick }: Run): Promise<Costs> {
  for (const side of ['with', 'without']) await mkdir(join(directory, side));
  const kept = await openBenchRegion(join(directory, 'with'));
  const none = await openBenchRegion(join(directory, 'without'), {}, { keepsTouches: false });
  const source = new BodySource(3, 1000);
  const events = isQuick ? 200_000 : 1_000_000;
  const costs: Costs = { withNs: [], withoutNs: [] };
  for (let round = 0; round < (isQuick ? 4 : 8); round++) {
    const bodies = source.make(events);
    for (const region of round % 2 === 0 ? [kept, none] : [none, kept]) {
      const cpuMs = await cpuMsOf(() => ingestAll(region, bodies));
      const ns = region === kept ? costs.withNs : costs.withoutNs;
      if (round > 0) ns.push((cpuMs * 1e6) / events);
    }
    progress(
      `with ${costs.withNs.at(-1)?.toFixed()} ns an event, without ${costs.withoutNs.at(-1)?.toFixed()} ns`,
    );
  }
  await kept.close();
  await none.close();
  return costs;
}

interface LookUps {
  /** Of each, without the time in which the machine gave the thread no core. */
  readonly us: readonly number[];
  readonly wallUs: readonly number[];
  readonly found: readonly number[];
}

function lookUp({ store, events }: FilledTouches, now: number, count: number): LookUps {
  const starvation = makeStarvation();
  const us: number[] = [];
  const wallUs: number[] = [];
  const found: number[] = [];
  for (let n = 0; n < count; n++) {
    const user = events.user();
    const before = starvation();
    const startMs = performance.now();
    const touches = store.touchesOf(user, now - 7 * DAY_MS, now);
    const wallMs = performance.now() - startMs;
    const starvedMs = starvation() - before;
    found.push(touches.length);
    wallUs.push(wallMs * 1000);
    us.push(Math.max(0, wallMs - starvedMs) * 1000);
  }
  return { us, wallUs, found };
}

interface Measured {
  readonly turns: Turns;
  /** With pages as the engine left them; the first of them only compile the code. */
  readonly asLeft: LookUps;
  /** With no page of a run in memory. */
  readonly cold: LookUps | null;
  readonly runs: readonly number[];
  readonly addNs: number;
  readonly indexBytes: number;
  readonly bytesWritten: number;
  readonly size: string;
  readonly touches: number;
}

async function measureStore(directory: string, { isQuick }: Run): Promise<Measured> {
  const now = Date.now();
  const filled = new FilledTouches(directory, isQuick ? MILLION / 10 : MILLION);
  const turns = await watchTurns(() => filled.fill((isQuick ? 5 : 50) * MILLION, now));
  lookUp(filled, now, LOOK_UPS);
  const asLeft = lookUp(filled, now, LOOK_UPS);
  const cold = (await filled.cool()) ? lookUp(filled, now, COLD_LOOK_UPS) : null;
  const { runs } = filled.store;
  const measured: Measured = {
    turns,
    asLeft,
    cold,
    runs: runs.map(({ touches }) => touches),
    addNs: filled.addNs,
    indexBytes: sum(runs.map(({ indexBytes }) => indexBytes)),
    bytesWritten: filled.files.bytesWritten,
    size: `${Math.round(filled.touches / MILLION)}M touches of ${filled.events.users.toLocaleString('en')} users`,
    touches: filled.touches,
  };
  await filled.store.close();
  return measured;
}

function costFindings({ withNs, withoutNs }: Costs): Finding[] {
  return [
    atLeast('Rate with touches, share of the rate without', sum(withoutNs) / sum(withNs), 0.7),
    told('  CPU an event with touches, median', median(withNs), ' ns'),
    told('  CPU an event without, median', median(withoutNs), ' ns'),
  ];
}

function storeFindings({ turns, asLeft, cold, size, touches, ...of }: Measured): Finding[] {
  const coldFindings =
    cold === null
      ? [told('  no page of theirs in memory', 'not measured: the system does not forget them')]
      : [
          told('  no page of theirs in memory, p50', median(cold.us), ' µs'),
          atMost('  no page of theirs in memory, p99', quantile(cold.us, 0.99), 2000, ' µs'),
        ];
  return [
    atMost(`Look-up of a user's touches of 7 days, ${size}, p50`, median(asLeft.us), 50, ' µs'),
    atMost('  p99', quantile(asLeft.us, 0.99), 2000, ' µs'),
    told('  p99, with the time that it waited for a core', quantile(asLeft.wallUs, 0.99), ' µs'),
    ...coldFindings,
    told('  touches found, p50', median(asLeft.found)),
    told('  touches found, p99', quantile(asLeft.found, 0.99)),
    told('  runs', of.runs.length),
    told('  memory of the runs, a touch', of.indexBytes / touches, ' B'),
    told('  bytes written to runs, a touch', of.bytesWritten / touches, ' B'),
    told('  time to add a touch to memory', of.addNs, ' ns'),
    atMost('Longest pause of the event loop while runs are written and merged', turns.longestMs, 50, ' ms'),
    told('  of one turn, the most time that it ran', turns.longestCpuMs, ' ms'),
    told('  with the time that it waited for a core', turns.turns.maxMs, ' ms'),
    told('  longest garbage collection', turns.longestGcMs, ' ms'),
  ];
}

await answer((run) =>
  withDirectory(run, async (directory) => {
    const costs = await measureCosts(directory, run);
    const store = join(directory, 'store');
    await mkdir(store);
    const measured = await measureStore(store, run);
    return { findings: [...costFindings(costs), ...storeFindings(measured)], raw: { costs, ...measured } };
  }),
);
