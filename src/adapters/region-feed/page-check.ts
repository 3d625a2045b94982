import { unreachable } from '../../base/assert.ts';
import type { FeedId, RecordKind } from '../../union-load/ports.ts';

/** What a field of a record must be; `?` may be null. */
type FieldKind = 'text' | 'text?' | 'count' | 'count?';

const COMMON = { recordId: 'text', revision: 'count', region: 'text', currency: 'text' } as const;

/** The fields that a sink relies on. */
const FIELDS: Readonly<Record<RecordKind, Readonly<Record<string, FieldKind>>>> = {
  'ad-minutes': {
    ...COMMON,
    adId: 'text',
    campaignId: 'text',
    advertiserId: 'text',
    minute: 'count',
    impressions: 'count',
    clicks: 'count',
    costMicros: 'count',
  },
  'attributed-orders': {
    ...COMMON,
    orderId: 'text',
    orderVersion: 'count',
    orderStatus: 'text',
    orderTime: 'count',
    userId: 'text',
    merchantId: 'text',
    amountMicros: 'count',
    model: 'text',
    rank: 'count',
    outcome: 'text',
    reason: 'text?',
    creditMicros: 'count',
    adId: 'text?',
    campaignId: 'text?',
    advertiserId: 'text?',
    touchEventId: 'text?',
    touchType: 'text?',
    touchTime: 'count?',
    touchRegion: 'text?',
    enrichmentStatus: 'text?',
  },
};
const CHECKS = {
  'ad-minutes': Object.entries(FIELDS['ad-minutes']),
  'attributed-orders': Object.entries(FIELDS['attributed-orders']),
} as const;
const RECORD_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * What is wrong with a page of this feed, in words; undefined when nothing is. A region that is not what it should be must not
 * bring a sink to a halt, or into it what another region says.
 */
export function pageFault(page: unknown, { region, kind }: FeedId): string | undefined {
  if (!isObject(page)) return 'the page is no object';
  const { records, cursor, caughtUp, asOf, finalBefore } = page;
  if (typeof cursor !== 'string' || cursor === '') return 'the page has no cursor';
  if (typeof caughtUp !== 'boolean') return 'the page does not say whether it is caughtUp';
  if (!isCount(asOf) || !isCount(finalBefore)) return 'the page has no asOf or finalBefore';
  if (!Array.isArray(records)) return 'the page has no records';
  for (const record of records as unknown[]) {
    if (!isObject(record)) return 'a record is no object';
    const fault = CHECKS[kind].find(([name, wanted]) => !isOf(wanted, record[name]));
    if (fault !== undefined) return `${fault[0]} of a record is not what it should be`;
    if (!RECORD_ID.test(record['recordId'] as string)) return 'a recordId is none';
    if (record['region'] !== region) return `a record is not of region ${region}`;
  }
  return undefined;
}

function isOf(wanted: FieldKind, value: unknown): boolean {
  switch (wanted) {
    case 'text':
      return typeof value === 'string';
    case 'text?':
      return value === null || typeof value === 'string';
    case 'count':
      return isCount(value);
    case 'count?':
      return value === null || isCount(value);
    default:
      return unreachable(wanted);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
