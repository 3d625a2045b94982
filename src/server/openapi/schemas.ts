import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../base/errors.ts';
import { ID_LENGTH_MAX } from '../../model/field-checks.ts';
import { LAST_UNIX_MS } from '../../model/event-time.ts';
import { ORDER_VERDICTS } from '../../model/order-verdict.ts';
import { VERDICTS } from '../../model/verdict.ts';

/**
 * The shapes of requests and answers. /openapi.json is rendered from them, and the tests hold every answer against them.
 * Events are not checked with them: the engine's scanner does that.
 */
export const SCHEMAS = z.registry<{ id: string }>();

export const count = z.int().min(0);
export const unixMs = z.int().min(0).max(LAST_UNIX_MS).describe('Unix milliseconds, UTC.');
export const rfc3339 = z.iso.datetime({ offset: true });
export const id = z.string().min(1).max(ID_LENGTH_MAX);
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .describe('ISO 4217 code.');
export const micros = count.describe('Integer micros of the currency.');
/** Money that is summed past any limit. */
export const exactMicros = z
  .number()
  .min(0)
  .describe('Integer micros; an exact integer literal that may pass 2^53: read it as a big integer.');

const adEvent = z
  .looseObject({
    eventId: id.describe('Unique per event; a retry repeats it.'),
    eventType: z.enum(['impression', 'click']),
    eventTime: z
      .union([rfc3339, unixMs])
      .describe('RFC 3339 with an offset, or Unix milliseconds. Leap seconds do not exist in Unix time.'),
    adId: id,
    campaignId: id,
    advertiserId: id,
    userId: id,
    merchantId: id.nullish(),
    placement: id.nullish(),
    costMicros: micros.nullish(),
    currency: currency.nullish(),
  })
  .register(SCHEMAS, { id: 'AdEvent' });

export const eventBatch = z.union([z.array(adEvent), adEvent]).register(SCHEMAS, { id: 'EventBatch' });
export const eventLines = z.string().describe('One AdEvent as JSON per line.');

export const verdictCounts = z
  .strictObject(Object.fromEntries(VERDICTS.map((verdict) => [verdict, count])))
  .register(SCHEMAS, { id: 'VerdictCounts' });

export const orderVerdictCounts = z
  .strictObject(Object.fromEntries(ORDER_VERDICTS.map((verdict) => [verdict, count])))
  .register(SCHEMAS, { id: 'OrderVerdictCounts' });

const eventProblem = z.strictObject({
  index: count.describe('Position of the event in its request, from 0.'),
  eventId: z.string().nullable(),
  verdict: z.enum(VERDICTS).exclude(['counted']),
  code: z.string(),
  message: z.string(),
});

export const ingestReceipt = z
  .strictObject({ received: count, verdicts: verdictCounts, problems: z.array(eventProblem) })
  .register(SCHEMAS, { id: 'IngestReceipt' });

export const adMinute = z
  .strictObject({
    recordId: z.guid().describe('The same after every replay: write it with upsert.'),
    revision: count.describe('Of two versions of a record the higher revision wins.'),
    region: z.string(),
    adId: id,
    campaignId: id,
    advertiserId: id,
    minute: unixMs.describe('Start of the minute of event time, Unix ms.'),
    currency,
    impressions: count,
    clicks: count,
    costMicros: micros,
  })
  .register(SCHEMAS, { id: 'AdMinute' });

/** What stands at the end of every page of changes. */
export const pageEnd = {
  caughtUp: z.boolean().describe('Whether nothing more had changed.'),
  asOf: unixMs.describe('The latest arrival that was visible when the page was made; 0 when there was none.'),
  finalBefore: unixMs.describe('No event accepted later changes what is of before this time.'),
};

export const changePage = z
  .strictObject({
    records: z.array(adMinute).describe('The latest revision of each record changed, oldest change first.'),
    cursor: z.string().describe('Send it as "after" to go on; valid across restarts.'),
    ...pageEnd,
  })
  .register(SCHEMAS, { id: 'AdMinuteChanges' });

const ctr = z.number().min(0).nullable().describe('Clicks per impression; null without impressions.');

export const adMinuteReport = z
  .strictObject({
    rows: z.array(
      z.strictObject({
        start: rfc3339.describe('Start of the bucket, with the offset of the time zone.'),
        adId: id,
        campaignId: id,
        advertiserId: id,
        currency,
        impressions: count,
        clicks: count,
        costMicros: micros,
        ctr,
      }),
    ),
    totals: z.strictObject({
      impressions: count,
      clicks: count,
      costMicros: z.record(z.string(), count).describe('Integer micros by currency.'),
      ctr,
    }),
    asOf: rfc3339.nullable().describe('Arrival up to which events are in the figures; null without any.'),
  })
  .register(SCHEMAS, { id: 'AdMinuteReport' });

const cellSums = z
  .strictObject({
    records: count,
    impressions: count,
    clicks: count,
    costMicros: exactMicros.describe(
      'Integer micros, all currencies; an exact integer literal that may pass 2^53: read it as a big integer.',
    ),
  })
  .register(SCHEMAS, { id: 'CellSums' });

export const auditReport = z
  .strictObject({
    balanced: z.boolean(),
    received: count,
    verdicts: verdictCounts,
    minutes: z
      .array(z.strictObject({ minute: unixMs, received: count, verdicts: verdictCounts }))
      .describe('Per minute of arrival within the retention, oldest first.'),
    earlier: z.strictObject({ received: count, verdicts: verdictCounts }),
    cells: cellSums,
    retiredCells: cellSums,
    counted: cellSums,
    yielded: cellSums.describe(
      'Of what was counted, what was found to be the other region’s and taken out again.',
    ),
    orders: z
      .strictObject({
        balanced: z.boolean(),
        received: count,
        verdicts: orderVerdictCounts,
        minutes: z
          .array(z.strictObject({ minute: unixMs, received: count, verdicts: orderVerdictCounts }))
          .describe('Per minute of arrival within the retention, oldest first.'),
        earlier: z.strictObject({ received: count, verdicts: orderVerdictCounts }),
      })
      .describe('Versions of orders, since the region began.'),
    differences: z.array(z.string()).describe('In plain words, what does not balance.'),
  })
  .register(SCHEMAS, { id: 'AuditReport' });

export const quarantineList = z
  .strictObject({
    entries: z.array(
      z.strictObject({
        id: count,
        arrival: unixMs,
        verdict: z.enum(VERDICTS).exclude(['counted', 'duplicate']),
        code: z.string(),
        message: z.string(),
        eventId: z.string().nullable(),
        sizeBytes: count,
      }),
    ),
    held: count,
    dropped: count.describe('Dropped to make room, oldest first, since the region began.'),
  })
  .register(SCHEMAS, { id: 'QuarantineList' });

/** Most entries replayed by one request. */
export const REPLAY_MAX = 1000;

export const replayRequest = z
  .strictObject({ ids: z.array(count).min(1).max(REPLAY_MAX) })
  .register(SCHEMAS, { id: 'ReplayRequest' });

export const touchList = z
  .strictObject({
    touches: z.array(
      z.strictObject({
        eventId: id,
        eventType: z.enum(['impression', 'click']),
        eventTime: unixMs,
        adId: id,
        campaignId: id,
        advertiserId: id,
        merchantId: id.nullable(),
        region: z.string().describe('The region that counted the event.'),
      }),
    ),
    found: count.describe('How many there are, beyond the limit too.'),
  })
  .register(SCHEMAS, { id: 'TouchList' });

const delayMs = z.number().min(0).nullable();

export const liveFrame = z
  .strictObject({
    at: unixMs,
    region: z.string(),
    received: count,
    verdicts: verdictCounts,
    eventsPerSecond: z.number().min(0).describe('Over the last two seconds.'),
    freshness: z
      .strictObject({ p50Ms: delayMs, p99Ms: delayMs })
      .describe(
        'Accepted to visible in queries, over the last ten seconds. An answer leaves once its events are visible, so ' +
          'what is acknowledged is always visible already.',
      ),
    records: count,
    pendingBytes: count,
    quarantined: count,
    orders: z.strictObject({
      received: count,
      held: count,
      pending: count.describe('Of those held, the ones that wait for the order service.'),
    }),
    peer: z
      .strictObject({
        region: z.string(),
        url: z.string().describe('Where this region asks the other one.'),
        isConnected: z.boolean().describe('Whether the last question was answered.'),
        silentSince: unixMs.nullable().describe('Since when it has not answered; null when it does.'),
        throughLagMs: z
          .number()
          .min(0)
          .nullable()
          .describe('All that arrived there up to so long ago is known here; null before its first page.'),
        settledLagMs: z
          .number()
          .min(0)
          .nullable()
          .describe('Up to so long ago nothing can come from anywhere any more; null before that is known.'),
        yielded: count.describe('Events counted here that were the other one’s and were taken out again.'),
        blocksMissed: count.describe('Blocks that the other one had dropped before they were taken in.'),
        lastError: z.string().nullable(),
      })
      .nullable()
      .describe('The other region; null where there is none, or none is asked.'),
    topAds: z.array(
      z.strictObject({
        adId: id,
        campaignId: id,
        advertiserId: id,
        currency,
        impressions: count,
        clicks: count,
        costMicros: micros,
      }),
    ),
  })
  .register(SCHEMAS, { id: 'LiveFrame' });

export const health = z.strictObject({ status: z.literal('ok') }).register(SCHEMAS, { id: 'Health' });

export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string().describe('What happened, to what.'),
    advice: z.string().describe('What to do next.'),
    requestId: z.string().describe('Also in X-Request-Id; the region’s log names it.'),
  })
  .register(SCHEMAS, { id: 'Problem' });
