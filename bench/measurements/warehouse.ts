/**
 * The warehouse: records a second from pages into published Parquet files, small files put together on the way; and how long a
 * roll-up of all of it takes.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { SqlEngine } from '../../src/adapters/sql-engine/sql-engine.ts';
import { WarehouseSink } from '../../src/adapters/warehouse/warehouse-sink.ts';
import { MINUTE_MS } from '../../src/base/units.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import type { RecordPage } from '../../src/union-load/ports.ts';
import { SETTINGS } from '../../src/pipeline/settings.ts';
import { cpuMsOf } from '../rig/cpu-time.ts';
import { answer, atLeast, progress, told, withDirectory } from '../rig/measurement.ts';

const PAGE = 5000;
const ADS = 1000;
const FIRST_MINUTE = Date.UTC(2026, 0, 31, 20);
const FEED = { region: 'a', kind: 'ad-minutes' } as const;

/** A page of records, each of which comes with a few revisions in all. */
function page(number: number): RecordPage<'ad-minutes'> {
  const records = Array.from({ length: PAGE }, (_, n): AdMinute => {
    const change = number * PAGE + n;
    const record = Math.floor(change / 3);
    return {
      recordId: `7d2f0c5e-55a1-8${String(record % 1000).padStart(3, '0')}-9c0e-${String(record).padStart(12, '0')}`,
      revision: 1 + (change % 3),
      region: 'a',
      adId: `ad-${record % ADS}`,
      campaignId: `campaign-${record % 100}`,
      advertiserId: `advertiser-${record % 20}`,
      minute: FIRST_MINUTE + Math.floor(record / ADS) * MINUTE_MS,
      currency: 'EUR',
      impressions: change,
      clicks: change % 7,
      costMicros: change * 1000,
    };
  });
  return { records, cursor: `c${number + 1}`, caughtUp: false, asOf: 0, finalBefore: 0 };
}

await answer((run) =>
  withDirectory(run, async (directory) => {
    const pages = run.isQuick ? 200 : 1000;
    const { fileRows, fileAge, fileSize, grace } = SETTINGS.warehouse;
    const sink = await WarehouseSink.open({
      directory,
      clock: nodeClock,
      fileRows: fileRows.default,
      fileAgeMs: fileAge.default,
      fileBytesMax: fileSize.default,
      graceMs: grace.default,
    });
    let loadMs = 0;
    const cpuMs = await cpuMsOf(async () => {
      for (let number = 0; number < pages; number++) {
        const next = page(number);
        const startMs = performance.now();
        await sink.load(FEED, next);
        loadMs += performance.now() - startMs;
        if (number % 100 === 99) progress(`${(((number + 1) * PAGE) / loadMs).toFixed(0)}k records/s`);
      }
      const startMs = performance.now();
      await sink.close();
      loadMs += performance.now() - startMs;
    });
    const records = pages * PAGE;
    const instance = await DuckDBInstance.create(':memory:');
    const engine = await SqlEngine.open(() => instance.connect(), directory);
    const { ms } = await engine.run('SELECT COUNT(*), SUM(cost_micros) FROM warehouse.ad_hours');
    instance.closeSync();
    return {
      findings: [
        atLeast(
          `Warehouse: changed records a second into files, ${records.toLocaleString('en')} in all`,
          (records / loadMs) * 1000,
          100_000,
        ),
        told('  CPU a record, its making included', (cpuMs * 1e6) / records, ' ns'),
        told('  roll-up of all of them to hours by SQL', ms, ' ms'),
      ],
      raw: { records, loadMs, cpuMs, ms },
    };
  }),
);
