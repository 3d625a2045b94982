import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { ID_LENGTH_MAX } from '../model/field-checks.ts';
import { formatTime, parseEventTime } from '../model/event-time.ts';
import { TimeBuckets } from '../reporting/time-buckets.ts';

/** A campaign and what it may spend a day. */
export interface Campaign {
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
}

/** A campaign as it is given: times also as RFC 3339, `end` and `isPaused` may be left out. */
export interface CampaignInput {
  readonly advertiserId: string;
  readonly currency: string;
  readonly dailyBudgetMicros: number;
  readonly timezone: string;
  readonly start: string | number;
  readonly end?: string | number | null | undefined;
  readonly isPaused?: boolean | undefined;
}

/** The campaign that `input` describes. Throws AdtallyError bad_campaign that names the field. */
export function campaignOf(campaignId: string, input: CampaignInput): Campaign {
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
