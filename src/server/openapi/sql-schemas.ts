import { z } from 'zod';
import { SCHEMAS, count } from './schemas.ts';

export const sqlQuery = z
  .strictObject({ sql: z.string().describe('One statement that reads.') })
  .register(SCHEMAS, { id: 'SqlQuery' });

export const sqlAnswer = z
  .strictObject({
    columns: z.array(
      z.strictObject({
        name: z.string(),
        type: z.string().describe('As DuckDB names it: BIGINT, VARCHAR, …'),
      }),
    ),
    rows: z
      .array(z.array(z.unknown()))
      .describe('Whole numbers exact, also past 2^53; decimals and times as text, times in UTC.'),
    truncated: z.boolean().describe('Whether there were more rows than an answer may have.'),
    ms: count.describe('How long it took, ms.'),
  })
  .register(SCHEMAS, { id: 'SqlAnswer' });
