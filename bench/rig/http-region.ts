/** A region behind HTTP in a process of its own, for a parent that asks: `fork('http-region.ts', [directory])`. */
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { keyStoreOf } from '../../src/server/keys.ts';
import { suitHeapToBodies } from '../../src/server/heap.ts';
import { startServer } from '../../src/server/server.ts';
import { benchSpec, ingestAll, openBenchRegion } from './bench-region.ts';
import { BodySource } from './bodies.ts';
import { cpuMsOf } from './cpu-time.ts';

/** `cpu`: CPU time so far, ms. `direct`: CPU time of that many events without HTTP. `waits`: those noted since. */
export type Question =
  | { readonly ask: 'cpu' | 'waits' }
  | { readonly ask: 'direct'; readonly events: number };

const region = await openBenchRegion(process.argv[2]);
suitHeapToBodies();
const spec = benchSpec({ server: { port: 0 } });
const { url } = await startServer({ region, spec, keys: keyStoreOf([]), clock: nodeClock });
const source = new BodySource(77, 1000);
/** How long the oldest request of each group took from accepted to visible, ms. */
const waits: number[] = [];
region.onChange(({ acceptedAtMs, visibleAtMs }) => waits.push(visibleAtMs - acceptedAtMs));

process.on('message', (question: Question) => {
  void reply(question).then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit());
process.send!(url);

function reply(question: Question): Promise<unknown> {
  if (question.ask === 'direct') {
    const bodies = source.make(question.events);
    return cpuMsOf(() => ingestAll(region, bodies));
  }
  if (question.ask === 'cpu') {
    const { user, system } = process.cpuUsage();
    return Promise.resolve((user + system) / 1000);
  }
  return Promise.resolve(waits.splice(0));
}
