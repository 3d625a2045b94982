import { z } from 'zod';
import { STORES } from '../../union-load/ports.ts';
import { reportsStatus, storeStatus } from './report-schemas.ts';
import { SCHEMAS, count, unixMs } from './schemas.ts';

export const upkeepTask = z
  .strictObject({
    task: z.string().describe('rebuild reporting, rebuild warehouse, rebuild budget or replay.'),
    state: z.enum(['running', 'done', 'failed']),
    step: z.string().describe('What it is at, in words.'),
    records: count.describe('Records brought to the new store, or read again, so far.'),
    startedAt: unixMs,
    endedAt: unixMs.nullable(),
    error: z.string().nullable().describe('Why it failed.'),
    counts: z
      .array(
        z.strictObject({
          store: z.enum(STORES),
          records: count.describe('Records from the time on.'),
          changed: count.describe('Those that the store did not hold so.'),
        }),
      )
      .nullable()
      .describe('Of a replay that is done.'),
  })
  .register(SCHEMAS, { id: 'UpkeepTask' });

export const storesStatus = z
  .strictObject({
    reporting: reportsStatus.nullable(),
    warehouse: z
      .strictObject({
        ...storeStatus,
        files: count.describe('Published files.'),
        rowsWaiting: count.describe('Rows that wait in memory for others.'),
      })
      .nullable(),
    task: upkeepTask.nullable().describe('The task under way, or the last one since the start.'),
  })
  .register(SCHEMAS, { id: 'StoresStatus' });
