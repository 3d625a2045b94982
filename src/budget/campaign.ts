import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { ID_LENGTH_MAX } from '../model/field-checks.ts';
import { LAST_UNIX_MS, formatTime, parseEventTime } from '../model/event-time.ts';
import { TimeBuckets } from '../reporting/time-buckets.ts';

/** When a campaign was set, and where: of two versions of a campaign the later one wins, of two of one time the greater region. */
export interface CampaignStamp {
  /** Unix ms; later than that of every version the region had seen, whatever its clock said. 0 for those of before there were stamps. */
  readonly updatedAt: UnixMs;
  /** Name of the region. */
  readonly updatedBy: string;
}

/** A campaign and what it may spend a day. */
export interface Campaign extends CampaignStamp {
  readonly campaignId: string;
  readonly advertiserId: string;
  /** ISO 4217 code: only spend in this currency counts against the budget. */
  readonly currency: string;
  /** Integer micros of `currency`, ≥ 1. */
  readonly dailyBudgetMicros: number;
  /** IANA name: where the campaign's days begin at midnight. */
  readonly timezone: string;
  /** Unix ms. */
  readonly start: UnixMs;
  /** Unix ms, exclusive; null runs on. */
  readonly end: UnixMs | null;
  readonly isPaused: boolean;
  /** Whose goods it advertises; null when nobody said. */
  readonly merchantId: string | null;
  /** Where its ads stand; null when nobody said. */
  readonly placement: string | null;
}

/** A campaign as it is given: times also as RFC 3339; what may be null may be left out, as may `isPaused`. */
export interface CampaignInput {
  readonly advertiserId: string;
  readonly currency: string;
  readonly dailyBudgetMicros: number;
  readonly timezone: string;
  readonly start: string | number;
  readonly end?: string | number | null | undefined;
  readonly isPaused?: boolean | undefined;
  readonly merchantId?: string | null | undefined;
  readonly placement?: string | null | undefined;
}

/** Most campaigns that may be set in one place. */
export const CAMPAIGNS_MAX = 10_000;

/** Throws AdtallyError capacity when `held` campaigns leave no room for another one. */
export function checkRoom(held: number): void {
  if (held < CAMPAIGNS_MAX) return;
  throw new AdtallyError('capacity', `There are ${CAMPAIGNS_MAX} campaigns, which is the most.`);
}

/** The stamp of a campaign that `region` sets at `now` over what it has seen of it. */
export function nextStamp(seen: CampaignStamp | undefined, region: string, now: UnixMs): CampaignStamp {
  return { updatedAt: Math.max(now, (seen?.updatedAt ?? 0) + 1), updatedBy: region };
}

/** Whether `a` was set after `b`, for both regions alike. */
export function isLater(a: CampaignStamp, b: CampaignStamp): boolean {
  return a.updatedAt === b.updatedAt ? a.updatedBy > b.updatedBy : a.updatedAt > b.updatedAt;
}

/** A campaign that another region has set, checked as if it were given here. Throws AdtallyError bad_campaign. */
export function campaignOfPeer(given: Campaign): Campaign {
  const { updatedAt, updatedBy } = given;
  check(
    Number.isSafeInteger(updatedAt) && updatedAt >= 0 && updatedAt <= LAST_UNIX_MS,
    'updatedAt',
    () => `${updatedAt}, which is no time`,
  );
  return campaignOf(given.campaignId, given, { updatedAt, updatedBy: readId('updatedBy', updatedBy) });
}

/** The campaign that `input` describes. Throws AdtallyError bad_campaign that names the field. */
export function campaignOf(campaignId: string, input: CampaignInput, stamp: CampaignStamp): Campaign {
  const { dailyBudgetMicros, currency, timezone } = input;
  const start = readTime('start', input.start);
  const end = input.end === undefined || input.end === null ? null : readTime('end', input.end);
  check(Number.isSafeInteger(dailyBudgetMicros) && dailyBudgetMicros >= 1, 'dailyBudgetMicros', () => {
    return `${dailyBudgetMicros}; allowed: whole micros from 1 to ${Number.MAX_SAFE_INTEGER}`;
  });
  check(
    /^[A-Z]{3}$/.test(currency),
    'currency',
    () => `"${currency}"; allowed: an ISO 4217 code such as EUR`,
  );
  check(end === null || end > start, 'end', () => `${formatTime(end!)}, which is not after start`);
  checkTimezone(timezone);
  return {
    campaignId: readId('campaignId', campaignId),
    advertiserId: readId('advertiserId', input.advertiserId),
    currency,
    dailyBudgetMicros,
    timezone,
    start,
    end,
    isPaused: input.isPaused ?? false,
    merchantId: readOptionalId('merchantId', input.merchantId),
    placement: readOptionalId('placement', input.placement),
    updatedAt: stamp.updatedAt,
    updatedBy: stamp.updatedBy,
  };
}

function readId(field: string, text: string): string {
  const { length } = Array.from(text);
  check(
    length >= 1 && length <= ID_LENGTH_MAX,
    field,
    () => `${length} characters long; allowed: 1 to ${ID_LENGTH_MAX}`,
  );
  return text;
}

function readOptionalId(field: string, text: string | null | undefined): string | null {
  return text === undefined || text === null ? null : readId(field, text);
}

function readTime(field: string, value: string | number): UnixMs {
  const time = parseEventTime(value);
  check(
    time !== undefined,
    field,
    () => `"${value}"; allowed: RFC 3339 with an offset or whole Unix milliseconds`,
  );
  return time;
}

function checkTimezone(timezone: string): void {
  try {
    new TimeBuckets('day', timezone).startOf(0);
  } catch (error) {
    throw new AdtallyError('bad_campaign', (error as Error).message);
  }
}

function check(condition: boolean, field: string, given: () => string): asserts condition {
  if (!condition) throw new AdtallyError('bad_campaign', `${field} is ${given()}.`);
}
