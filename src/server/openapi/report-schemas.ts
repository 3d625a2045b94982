import { z } from 'zod';
import { ATTRIBUTION_MODELS } from '../../model/attributed-order.ts';
import { FIGURE_GROUPS } from '../../reporting/figures.ts';
import { GRANULARITIES } from '../../reporting/time-buckets.ts';
import { RECORD_KINDS } from '../../union-load/ports.ts';
import { SCHEMAS, count, currency, exactMicros, rfc3339, unixMs } from './schemas.ts';

const share = (about: string): z.ZodNullable<z.ZodNumber> => z.number().nullable().describe(about);

const figures = {
  impressions: count,
  clicks: count,
  ctr: share('Clicks per impression; null without impressions.'),
  costMicros: exactMicros,
  cpcMicros: share('Cost per click, micros; null without clicks.'),
  cpmMicros: share('Cost per thousand impressions, micros; null without impressions.'),
  orders: count.describe('Orders of which it has any credit.'),
  cvr: share('Orders per click; null without clicks.'),
  revenueMicros: exactMicros,
  roas: share('Revenue per cost; null without cost.'),
};

const changes = z.strictObject(
  Object.fromEntries(Object.keys(figures).map((name) => [name, z.number().nullable()])),
);

export const figuresReport = z
  .strictObject({
    by: z.enum(FIGURE_GROUPS),
    granularity: z.enum([...GRANULARITIES, 'range']),
    timezone: z.string(),
    model: z.enum(ATTRIBUTION_MODELS),
    from: rfc3339,
    to: rfc3339,
    rows: z.array(
      z.strictObject({
        start: rfc3339.describe('Start of the bucket, with the offset of the time zone.'),
        id: z
          .string()
          .nullable()
          .describe('Null for the total, and for campaigns that name no such merchant or placement.'),
        currency,
        ...figures,
        final: z.boolean().describe('Whether no event accepted later can change it.'),
        previous: z
          .strictObject(figures)
          .optional()
          .describe('The same part of the period before, which is as long.'),
        change: changes.optional().describe('Difference to the period before, as a share of that.'),
      }),
    ),
    found: count.describe('How many rows there are, beyond the limit too.'),
    asOf: rfc3339
      .nullable()
      .describe(
        'All that had arrived in every region by then is in the figures; null while that is not known.',
      ),
    regions: z.array(
      z.strictObject({
        region: z.string(),
        asOf: rfc3339.nullable(),
        lagMs: count
          .nullable()
          .describe('Milliseconds since the store last had all of the region; 0 while it has.'),
      }),
    ),
  })
  .register(SCHEMAS, { id: 'FiguresReport' });

export const reportLines = z.string().describe('A header, then one row a line (RFC 4180).');

/** How a store is that follows the feeds. */
export const storeStatus = {
  state: z.enum(['starting', 'running', 'failing', 'closed']),
  error: z.string().nullable().describe('Why it is not running, or last was not.'),
  restarts: count,
  feeds: z.array(
    z.strictObject({
      region: z.string(),
      kind: z.enum(RECORD_KINDS),
      sink: z.string(),
      caughtUp: z.boolean(),
      lagMs: z.number().min(0).nullable(),
      records: count.describe('Taken in since the start.'),
      pages: count,
      asOf: unixMs.nullable().describe('The region’s latest arrival as of the last page, Unix ms.'),
      error: z.string().nullable(),
      failures: count.describe('Attempts that failed in a row.'),
      restarts: count.describe('How often the feed was read from its beginning again.'),
    }),
  ),
};

export const reportsStatus = z.strictObject(storeStatus).register(SCHEMAS, { id: 'ReportsStatus' });
