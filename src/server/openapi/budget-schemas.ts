import { z } from 'zod';
import { BUDGET_STATES } from '../../budget/pacing.ts';
import { ID_LENGTH_MAX } from '../../model/field-checks.ts';
import { LAST_UNIX_MS } from '../../model/event-time.ts';
import { SCHEMAS } from './schemas.ts';

const id = z.string().min(1).max(ID_LENGTH_MAX);
const unixMs = z.int().min(0).max(LAST_UNIX_MS);
const rfc3339 = z.iso.datetime({ offset: true });
const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .describe('ISO 4217 code.');
const dailyBudgetMicros = z.int().min(1).describe('Integer micros of the currency a day.');
const timezone = z
  .string()
  .min(1)
  .max(100)
  .describe('IANA name: where the campaign’s days begin at midnight.');
const exactMicros = z
  .number()
  .describe('Integer micros; an exact integer literal that may pass 2^53: read it as a big integer.');

export const campaignInput = z
  .strictObject({
    advertiserId: id,
    currency,
    dailyBudgetMicros,
    timezone,
    start: z.union([rfc3339, unixMs]).describe('RFC 3339 with an offset, or Unix milliseconds.'),
    end: z.union([rfc3339, unixMs]).nullish().describe('Exclusive; null or left out: it runs on.'),
    isPaused: z.boolean().optional(),
    merchantId: id.nullish().describe('Whose goods it advertises: reports group by it.'),
    placement: id.nullish().describe('Where its ads stand: reports group by it.'),
  })
  .register(SCHEMAS, { id: 'CampaignInput' });

export const campaign = z
  .strictObject({
    campaignId: id,
    advertiserId: id,
    currency,
    dailyBudgetMicros,
    timezone,
    start: rfc3339,
    end: rfc3339.nullable(),
    isPaused: z.boolean(),
    merchantId: id.nullable().describe('Whose goods it advertises; null when nobody said.'),
    placement: id.nullable().describe('Where its ads stand; null when nobody said.'),
    updatedAt: rfc3339.describe('When it was set; later than any version the region had seen.'),
    updatedBy: z.string().describe('The region in which it was set.'),
  })
  .register(SCHEMAS, { id: 'Campaign' });

export const campaignList = z
  .strictObject({
    campaigns: z.array(campaign).describe('By id.'),
    next: id.nullable().describe('Send it as "after" for the next page; null when there is none.'),
  })
  .register(SCHEMAS, { id: 'CampaignList' });

export const campaignChangePage = z
  .strictObject({
    campaigns: z.array(campaign).describe('In the order in which they were last set or taken over.'),
    cursor: z.string().describe('Send it as "after" for the next page.'),
    caughtUp: z.boolean().describe('Whether there was no more when the page was made.'),
  })
  .register(SCHEMAS, { id: 'CampaignChangePage' });

const feedState = z
  .strictObject({
    region: z.string(),
    state: z.enum(['running', 'failing', 'closed']),
    error: z.string().nullable().describe('Why the last attempt failed, while failing.'),
    caughtUp: z.boolean(),
    lagMs: z.number().min(0).describe('How long there may have been something to charge; 0 when caught up.'),
    cursorKeptAt: unixMs.nullable().describe('When the ledger last took a page, Unix ms.'),
    restartedAt: unixMs.nullable().describe('When the feed last had to be read from its beginning.'),
    charged: z.int().min(0).describe('Records charged since the start.'),
    refused: z.int().min(0).describe('Records that were not of that region, or no ad minutes.'),
    refusal: z.string().nullable().describe('Why the last one was refused.'),
  })
  .register(SCHEMAS, { id: 'BudgetFeed' });

export const budget = z
  .strictObject({
    campaignId: id,
    merchantId: id.nullable(),
    placement: id.nullable(),
    currency,
    day: z.iso.date().describe('The campaign’s day now, in its time zone.'),
    dayStart: rfc3339,
    dayEnd: rfc3339.describe('Exclusive; a day may have 23 or 25 hours.'),
    dailyBudgetMicros,
    spentMicros: exactMicros,
    remainingMicros: exactMicros.describe('0 when overspent.'),
    forecastMicros: exactMicros.describe('Spend at the end of the day, at the rate of the last hour.'),
    pacingIndex: z
      .number()
      .nullable()
      .describe('Spent ÷ (daily budget × share of the day’s run that has passed): 1 is on the line.'),
    state: z.enum(BUDGET_STATES),
    asOf: rfc3339,
    otherCurrencies: z
      .record(z.string(), exactMicros)
      .describe('The day’s spend in other currencies; it does not count against the budget.'),
  })
  .register(SCHEMAS, { id: 'Budget' });

export const budgetList = z
  .strictObject({
    budgets: z.array(budget).describe('By campaign id.'),
    feeds: z
      .array(feedState)
      .describe('How far the ledger is with the records of each region, this one first.'),
    next: id.nullable().describe('Send it as "after" for the next page; null when there is none.'),
  })
  .register(SCHEMAS, { id: 'BudgetList' });

export const daySpend = z
  .strictObject({
    budget,
    runFrom: unixMs.describe('Where the pacing line begins, Unix ms.'),
    runTo: unixMs.describe('Where it reaches the daily budget, Unix ms.'),
    minutes: z
      .array(z.strictObject({ minute: unixMs, spentMicros: exactMicros }))
      .describe('Minutes with spend in the campaign’s currency, oldest first.'),
  })
  .register(SCHEMAS, { id: 'DaySpend' });

export const ledgerPage = z
  .strictObject({
    entries: z
      .array(
        z.strictObject({
          id: z.int().min(1).describe('Grows with every entry.'),
          recordId: z.guid(),
          revision: z.int().min(0),
          account: z.string(),
          amountMicros: z.int().describe('Never 0; a correction may be negative.'),
          currency,
          minute: unixMs.describe('The record’s minute, Unix ms: it decides the day.'),
          postedAt: unixMs.describe('Unix ms.'),
        }),
      )
      .describe('Newest first.'),
    closings: z
      .array(
        z.strictObject({
          account: z.string(),
          counterAccount: z.string().describe('The advertiser that paid.'),
          currency,
          micros: exactMicros,
          entries: z.int().min(0).describe('How many entries that were.'),
          until: unixMs.describe('When the last of them was posted, Unix ms.'),
        }),
      )
      .describe('What entries older than budget.retention sum to, one an advertiser and currency.'),
  })
  .register(SCHEMAS, { id: 'LedgerPage' });

const count = z.int().min(0);

export const budgetAudit = z
  .strictObject({
    exact: z.boolean().describe('Nothing differs.'),
    entries: count,
    charges: count,
    recordsEqual: count.describe('Records charged exactly what they cost.'),
    recordsWaiting: count.describe('Records of a newer revision than was charged.'),
    peers: z
      .array(
        z.strictObject({
          region: z.string(),
          comparedWith: z
            .enum(['records', 'ledger'])
            .describe('"ledger": the region did not answer, so its charges are held against the sums alone.'),
          reason: z.string().nullable().describe('Why only the ledger.'),
          recordsEqual: count,
          recordsWaiting: count,
          comparedFrom: unixMs.nullable(),
        }),
      )
      .describe('The charges of the other region.'),
    comparedFrom: unixMs
      .nullable()
      .describe('Oldest minute the region holds; charges of earlier ones are held against the ledger only.'),
    differenceCount: count,
    differences: z.array(z.string()).describe('In plain words; the first of them.'),
    service: z.strictObject({
      state: z.enum(['running', 'failing', 'closed']),
      error: z.string().nullable(),
      restartedAt: unixMs.nullable().describe('When the feed last had to be read from its beginning.'),
      caughtUp: z.boolean(),
      lagMs: z.number().min(0),
      entries: count,
      charged: count,
      feeds: z.array(feedState),
      campaigns: z
        .strictObject({
          region: z.string(),
          state: z.enum(['running', 'failing']),
          error: z.string().nullable(),
          equalAt: unixMs
            .nullable()
            .describe('When all of the other region’s campaigns were last known here.'),
          taken: count.describe('Campaigns taken over since the start.'),
          refused: count.describe('Campaigns that are not valid here.'),
          refusal: z.string().nullable(),
        })
        .nullable()
        .describe('How this region stands with the campaigns of the other one; null where there is none.'),
    }),
  })
  .register(SCHEMAS, { id: 'BudgetAudit' });
