import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { awaited, JobRig, type TopicRecord } from '../jobs/job-rig.ts';
import { LoadSteps } from '../jobs/load-steps.ts';
import { sharedCluster } from '../servers/shared-cluster.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() & 0x7fffffff);

/** What the warehouse job writes, read by another SQL engine: the highest revision of each record is that of the load topic. */
describe(`the warehouse job (seed ${SEED})`, { timeout: 400_000 }, () => {
  let rig: JobRig;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'adtally-warehouse-job-'));
    const warehouse = pathToFileURL(directory).href;
    rig = new JobRig((await sharedCluster()).addresses, `w${Date.now().toString(36)}`, {}, { warehouse });
    await rig.open();
    await applyJobs(rig.jobs, rig.services);
    await rig.send(new LoadSteps(SEED).next(Date.now(), 1500));
    await rig.settle();
  }, 300_000);

  afterAll(async () => {
    await rig.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test.for([
    ['ad_minutes', 'loadAdMinutes', 'impressions'],
    ['attributed_orders', 'loadAttributedOrders', 'credit_micros'],
  ] as const)('has the newest revision of every record in %s', async ([table, topic, figure]) => {
    const field = figure.replace(/_(.)/, (_, letter: string) => letter.toUpperCase());
    const wanted = (): string[] =>
      [...rig.records('a', topic).values()].map((record) => line(record, record[field])).toSorted();
    const found = await awaited(
      () => newestRows(join(directory, table), figure),
      (rows) => rows.length > 0 && rows.join() === wanted().join(),
    );
    expect(found).toEqual(wanted());
    expect(found.length).toBeGreaterThan(50);
  });
});

function line({ recordId, revision, region }: TopicRecord, figure: unknown): string {
  return `${recordId} ${revision} ${region as string} ${String(figure)}`;
}

async function newestRows(folder: string, figure: string): Promise<string[]> {
  // Nothing there yet: files are finished once a minute.
  if (!readdirOrNone(folder).some((name) => name.startsWith('dt='))) return [];
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const sql = `SELECT record_id || ' ' || revision || ' ' || region || ' ' || ${figure} AS line
    FROM read_parquet('${folder}/dt=*/[!._]*', hive_partitioning = true)
    QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY revision DESC) = 1 ORDER BY line`;
  try {
    const rows = await connection.runAndReadAll(sql);
    return rows
      .getRows()
      .map(([text]) => String(text))
      .toSorted();
  } catch {
    return [];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function readdirOrNone(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
