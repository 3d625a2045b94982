/**
 * Union & load: how many changed records a second go from pages in memory through the loader into the reporting store, and how long
 * reports take on many records while pages are being loaded.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { ReportingStore } from '../../src/adapters/reporting-store/reporting-store.ts';
import { DAY_MS, MIB, MINUTE_MS } from '../../src/base/units.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { adMinuteRecordId } from '../../src/model/record-id.ts';
import type { FiguresQuery } from '../../src/reporting/figures.ts';
import type { FeedId, RecordFeed, RecordPage } from '../../src/union-load/ports.ts';
import { UnionLoad } from '../../src/union-load/union-load.ts';
import { cpuMsOf, quantile } from '../rig/cpu-time.ts';
import { answer, atLeast, atMost, progress, told, withDirectory, type Run } from '../rig/measurement.ts';

const PAGE_RECORDS = 5000;
const ADS = 10_000;
/** Of these some are seen each minute. */
const ADS_A_MINUTE = 1000;
const BEGIN = Date.parse('2026-01-05T00:00:00Z');
/** Of each kind: enough for a p99 that is not the longest one. */
const QUERIES = 500;
/** Changed records a second that come in while reports are asked for: the goal of the loading. */
const RATE = 100_000;

function record(n: number, revision: number): AdMinute {
  const minute = BEGIN + Math.floor(n / ADS_A_MINUTE) * MINUTE_MS;
  const ad = (n * 7919) % ADS;
  const adId = `ad-${ad}`;
  return {
    recordId: adMinuteRecordId('a', adId, minute, 'EUR'),
    revision,
    region: 'a',
    adId,
    campaignId: `campaign-${Math.floor(ad / 10)}`,
    advertiserId: `advertiser-${Math.floor(ad / 100)}`,
    minute,
    currency: 'EUR',
    impressions: 1 + (n % 97) + revision,
    clicks: n % 7,
    costMicros: (n % 5000) * 100,
  };
}

/** Pages made before: their making is not what is measured. With `rate` a page is there only when its time has come. */
class MemoryFeed implements RecordFeed<'ad-minutes'> {
  readonly id: FeedId<'ad-minutes'> = { region: 'a', kind: 'ad-minutes' };
  readonly #pages: readonly (readonly AdMinute[])[];
  readonly #rate: number;
  readonly #repeats: boolean;
  readonly #beginMs = performance.now();
  served = 0;

  constructor(pages: readonly (readonly AdMinute[])[], { rate = Infinity, repeats = false } = {}) {
    this.#pages = pages;
    this.#rate = rate;
    this.#repeats = repeats;
  }

  async next(after: string | undefined): Promise<RecordPage<'ad-minutes'>> {
    const n = Number(after ?? 0);
    await sleep(Math.max(0, this.#beginMs + ((n * PAGE_RECORDS) / this.#rate) * 1000 - performance.now()));
    const isOver = !this.#repeats && n >= this.#pages.length;
    if (isOver) await sleep(20);
    const records = isOver ? [] : this.#pages[n % this.#pages.length];
    this.served += records.length;
    const end = { asOf: BEGIN, finalBefore: 0 };
    return { records, cursor: String(isOver ? n : n + 1), caughtUp: isOver, ...end };
  }
}

function open(directory: string): Promise<ReportingStore> {
  return ReportingStore.open({ directory, memoryBytes: 512 * MIB, threads: 2 });
}

/** Four of ten records are new, the others change once more, most of them of the last minutes. */
function changedPages(count: number, first: number): AdMinute[][] {
  let next = first;
  return Array.from({ length: count }, (_, page) =>
    Array.from({ length: PAGE_RECORDS }, (__, n) => {
      if (n % 10 < 4) return record(next++, 1);
      return record(Math.max(0, next - 1 - ((n * 613) % 6000)), page + 2);
    }),
  );
}

async function loadAll(directory: string, { isQuick }: Run): Promise<{ rates: number[]; cpuUs: number[] }> {
  const rates: number[] = [];
  const cpuUs: number[] = [];
  const store = await open(directory);
  for (let round = 0; round < (isQuick ? 2 : 5); round++) {
    const pages = changedPages(isQuick ? 20 : 60, round * 400_000);
    const records = pages.length * PAGE_RECORDS;
    const feed = new MemoryFeed(pages);
    await store.load(feed.id, { records: [], cursor: '0', caughtUp: false, asOf: 0, finalBefore: 0 });
    const beginMs = performance.now();
    const cpuMs = await cpuMsOf(async () => {
      const load = new UnionLoad({ feeds: [feed], sinks: [store], clock: nodeClock, chance: Math.random });
      while (!load.status()[0].caughtUp) await sleep(2);
      await load.stop();
    });
    rates.push((records / (performance.now() - beginMs)) * 1000);
    cpuUs.push((cpuMs * 1000) / records);
    progress(`${Math.round(rates.at(-1)!)} records/s, ${cpuUs.at(-1)!.toFixed(2)} µs of CPU each`);
  }
  await store.close();
  return { rates, cpuUs };
}

/** Puts records into the store as a loader would have left them, with the means of the database. */
async function fill(store: ReportingStore, records: number): Promise<void> {
  const connection = await store.connect();
  const step = 1_000_000;
  for (let from = 0; from < records; from += step) {
    await connection.run(`INSERT INTO ad_minutes SELECT md5(i::VARCHAR)::UUID, 1, 'a', 'ad-' || ad,
      'campaign-' || (ad // 10), 'advertiser-' || (ad // 100), ${BEGIN} + (i // ${ADS_A_MINUTE}) * ${MINUTE_MS}, 'EUR',
      1 + i % 97, i % 7, (i % 5000) * 100 FROM (SELECT i, (i * 7919) % ${ADS} AS ad FROM range(${from}, ${from + step}) t(i))`);
  }
  await store.cluster();
  await connection.run('CHECKPOINT');
  connection.closeSync();
}

function typicalQueries(records: number): Record<string, Partial<FiguresQuery>> {
  const to = BEGIN + Math.ceil(records / ADS_A_MINUTE) * MINUTE_MS;
  return {
    'the top 10 ads of 300 minutes': { by: 'ad', from: to - 300 * MINUTE_MS, to, limit: 10 },
    'a campaign by hour for a week': {
      by: 'campaign',
      granularity: 'hour',
      order: 'start',
      filter: { campaignId: 'campaign-77' },
      from: to - 7 * DAY_MS,
      to,
    },
    'an advertiser by day': {
      by: 'advertiser',
      granularity: 'day',
      timezone: 'Europe/Paris',
      order: 'start',
      filter: { advertiserId: 'advertiser-33' },
      from: BEGIN,
      to,
    },
  };
}

async function askAll(store: ReportingStore, records: number): Promise<Record<string, number[]>> {
  const took: Record<string, number[]> = {};
  for (const [name, query] of Object.entries(typicalQueries(records))) {
    took[name] = [];
    for (let n = 0; n < QUERIES; n++) {
      const beginMs = performance.now();
      await store.figures({ ...DEFAULTS, ...query });
      took[name].push(performance.now() - beginMs);
      await sleep(5);
    }
    progress(
      `${name}: median ${quantile(took[name], 0.5).toFixed(1)} ms, p99 ${quantile(took[name], 0.99).toFixed(1)} ms`,
    );
  }
  return took;
}

const DEFAULTS: FiguresQuery = {
  by: 'ad',
  granularity: 'range',
  timezone: 'UTC',
  from: 0,
  to: 1,
  filter: {},
  model: 'last_touch',
  comparesPrevious: false,
  order: 'costMicros',
  limit: 1000,
};

async function report(directory: string, { isQuick }: Run): Promise<ReportOutcome> {
  const records = isQuick ? 1_000_000 : 10_000_000;
  const store = await open(directory);
  progress(`filling in ${records} records`);
  await fill(store, records);
  const alone = await askAll(store, records);
  const feed = new MemoryFeed(changedPages(40, records), { rate: RATE, repeats: true });
  const beginMs = performance.now();
  const load = new UnionLoad({ feeds: [feed], sinks: [store], clock: nodeClock, chance: Math.random });
  const loaded = await askAll(store, records);
  const rate = (load.status()[0].records / (performance.now() - beginMs)) * 1000;
  await load.stop();
  await store.close();
  return { records, alone, loaded, rate };
}

interface ReportOutcome {
  readonly records: number;
  readonly alone: Record<string, number[]>;
  readonly loaded: Record<string, number[]>;
  /** Records loaded a second meanwhile. */
  readonly rate: number;
}

await answer((run) =>
  withDirectory(run, async (directory) => {
    const { rates, cpuUs } = await loadAll(directory, run);
    const reports = await withDirectory(run, (other) => report(other, run));
    const size = `${reports.records / 1e6}M records`;
    return {
      findings: [
        atLeast('Union & load, changed records, median', quantile(rates, 0.5), RATE, ' /s'),
        told('  CPU of the whole process, a record', quantile(cpuUs, 0.5), ' µs'),
        told(`Records loaded while reports are asked of ${size}`, reports.rate, ' /s'),
        ...Object.entries(reports.loaded).map(([name, took]) =>
          atMost(`  ${name}, p99`, quantile(took, 0.99), 100, ' ms'),
        ),
        ...Object.entries(reports.alone).map(([name, took]) =>
          told(`  ${name}, p99, nothing being loaded`, quantile(took, 0.99), ' ms'),
        ),
      ],
      raw: { rates, cpuUs, ...reports },
    };
  }),
);
