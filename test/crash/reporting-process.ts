/** A process that loads scripted feeds into a reporting store until it is killed: `node reporting-process.ts DIRECTORY SEED CHANGES`. */
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { ReportingStore } from '../../src/adapters/reporting-store/reporting-store.ts';
import { UnionLoad } from '../../src/union-load/union-load.ts';
import { scriptedFeeds } from './scripted-changes.ts';

const [, , directory, seed, changes] = process.argv;
const store = await ReportingStore.open({
  directory,
  memoryBytes: 128 * 1024 * 1024,
  threads: 2,
  // So that the file is written all the time.
  checkpointBytes: 100_000,
  clusterRows: 100,
});
const feeds = scriptedFeeds(Number(seed), Number(changes));
const load = new UnionLoad({
  feeds,
  sinks: [store],
  clock: nodeClock,
  chance: Math.random,
  pageRecords: 150,
});
process.stdout.write('loading\n');
const timer = setInterval(() => {
  const status = load.status();
  const failed = status.find(({ error }) => error !== null);
  if (failed !== undefined) process.stderr.write(`${failed.error}\n`);
  if (status.some(({ caughtUp }) => !caughtUp)) return;
  clearInterval(timer);
  process.stdout.write('done\n');
}, 20);
