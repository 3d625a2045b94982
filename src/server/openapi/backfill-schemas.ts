import { z } from 'zod';
import { SCHEMAS, count, currency, exactMicros, id, rfc3339, verdictCounts } from './schemas.ts';

export const backfillPreview = z
  .strictObject({
    received: count,
    verdicts: verdictCounts,
    changes: z
      .array(
        z.strictObject({
          day: rfc3339.describe('Start of the day, UTC.'),
          adId: id,
          campaignId: id,
          advertiserId: id,
          currency,
          impressions: count,
          clicks: count,
          costMicros: exactMicros,
        }),
      )
      .describe('What would be added, by ad, day and currency.'),
    notCounted: z.array(count).describe('Positions of the events that would not be counted, from 0.'),
  })
  .register(SCHEMAS, { id: 'BackfillPreview' });
