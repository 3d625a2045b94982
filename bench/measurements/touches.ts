/**
 * Touches: what they cost an event (two regions count the same bodies in turns, one of them without touches), and how long a
 * look-up takes among many touches of many users over seven days, in sorted runs as the engine leaves them.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import { DAY_MS } from '../../src/base/units.ts';
import * as row from '../../src/embedded/scan/event-batch.ts';
import { EventBatch } from '../../src/embedded/scan/event-batch.ts';
import { EventScanner } from '../../src/embedded/scan/event-scanner.ts';
import { DimensionTable } from '../../src/embedded/state/dimension-table.ts';
import { TouchFiles } from '../../src/embedded/touches/touch-files.ts';
import { TouchStore } from '../../src/embedded/touches/touch-store.ts';
import { ALWAYS_REQUIRED } from '../../src/model/ad-event.ts';
import { ingestAll, openBenchRegion } from '../rig/bench-region.ts';
import { BodySource } from '../rig/bodies.ts';
import { cpuMsOf, median, sum } from '../rig/cpu-time.ts';
import { answer, atLeast, atMost, progress, told, withDirectory, type Run } from '../rig/measurement.ts';

const MILLION = 1_000_000;
const ADS = 10_000;
const LOOK_UPS = 20_000;
/** As much arrives between two snapshots by default. */
const TOUCHES_PER_RUN = 900_000;
const BATCH = 512;
const SEED = randomBytes(32);

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

/** A store with touches of the last seven days, all but the last ones in runs. */
class FilledStore {
  readonly users: number;
  readonly #dimensions = new DimensionTable(1);
  readonly #batch = new EventBatch(BATCH);
  readonly #scanner = new EventScanner({ requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' }, SEED);
  readonly #files: TouchFiles;
  readonly store = new TouchStore('a', SEED, this.#dimensions);
  #written = 0;
  addNs = 0;
  /** Of the event loop while runs are written and merged. */
  readonly delay = monitorEventLoopDelay({ resolution: 1 });

  constructor(directory: string, users: number) {
    this.users = users;
    this.#files = new TouchFiles(new NodeDisk(directory), nodeClock, '00'.repeat(16));
  }

  async fill(touches: number, now: number): Promise<void> {
    for (let n = 0; n < touches; n += BATCH) {
      this.#add(now - 7 * DAY_MS + (n / touches) * 7 * DAY_MS);
      if (n % TOUCHES_PER_RUN < TOUCHES_PER_RUN - BATCH) continue;
      await this.#write();
      progress(`${(n / MILLION).toFixed(1)}M touches in ${this.store.runs.length} runs`);
    }
    this.addNs /= touches;
  }

  async #write(): Promise<void> {
    this.delay.enable();
    const first = this.#written + 1;
    this.#written += 1;
    const runs = await this.#files.write(this.store, this.store.freeze(), first, this.#written);
    await this.#files.adopt(this.store, runs);
    await this.#files.merge(this.store);
    this.delay.disable();
  }

  /** Adds a batch of events from `time` on. */
  #add(time: number): void {
    const lines = Array.from({ length: BATCH }, (_, n) => this.#event(time + n));
    const body = Buffer.from(lines.join('\n'));
    const source = new DataView(body.buffer, body.byteOffset, body.length);
    const batch = this.#batch;
    batch.clear();
    this.#scanner.scan(body, 'ndjson', 0, batch);
    const dimensions = Int32Array.from({ length: batch.count }, (_, n) =>
      this.#dimensions.intern(batch.words, n * row.ROW_WORDS, source, -1),
    );
    const startMs = performance.now();
    for (let n = 0; n < batch.count; n++)
      this.store.add(batch.words, batch.doubles, n, source, dimensions[n]);
    this.addNs += (performance.now() - startMs) * 1e6;
  }

  #event(time: number): string {
    const id = randomBytes(16).toString('hex');
    const uuid = id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    const ad = Math.floor(Math.random() * ADS);
    const user = Math.floor(Math.random() * this.users);
    return `{"eventId":"${uuid}","eventType":"impression","eventTime":${Math.floor(time)},"adId":"ad-${ad}","campaignId":"c-${ad % 1000}","advertiserId":"a-${ad % 100}","userId":"user-${user}","merchantId":"merchant-${ad % 500}"}`;
  }
}

interface LookUps {
  readonly us: readonly number[];
  readonly found: number;
}

function lookUp({ store, users }: FilledStore, now: number): LookUps {
  const us: number[] = [];
  let found = 0;
  for (let n = 0; n < LOOK_UPS; n++) {
    const user = `user-${Math.floor(Math.random() * users)}`;
    const startMs = performance.now();
    found += store.touchesOf(user, now - 7 * DAY_MS, now).length;
    us.push((performance.now() - startMs) * 1000);
  }
  return { us: us.toSorted((a, b) => a - b), found };
}

await answer((run) =>
  withDirectory(run, async (directory) => {
    const costs = await measureCosts(directory, run);
    const now = Date.now();
    const touches = run.isQuick ? 5 * MILLION : 50 * MILLION;
    await mkdir(join(directory, 'store'));
    const filled = new FilledStore(join(directory, 'store'), run.isQuick ? MILLION / 10 : MILLION);
    await filled.fill(touches, now);
    lookUp(filled, now);
    const { us, found } = lookUp(filled, now);
    const runs = filled.store.runs.map((one) => one.touches);
    await filled.store.close();
    const at = (share: number): number => us[Math.floor(us.length * share)];
    const size = `${touches / MILLION}M touches of ${filled.users.toLocaleString('en')} users`;
    return {
      findings: [
        atLeast(
          'Rate with touches, share of the rate without',
          sum(costs.withoutNs) / sum(costs.withNs),
          0.7,
        ),
        told('  CPU an event with touches, median', median(costs.withNs), ' ns'),
        told('  CPU an event without, median', median(costs.withoutNs), ' ns'),
        atMost(`Look-up of a user's touches of 7 days, ${size}, p50`, at(0.5), 50, ' µs'),
        atMost('  p99', at(0.99), 2000, ' µs'),
        told('  touches found, mean', found / us.length),
        told('  runs', runs.length),
        told('  time to add a touch to memory', filled.addNs, ' ns'),
        atMost(
          '  longest pause of the event loop while runs are written and merged',
          filled.delay.max / 1e6,
          50,
          ' ms',
        ),
      ],
      raw: {
        costs,
        us: us.filter((_, n) => n % 100 === 0),
        runs,
      },
    };
  }),
);
