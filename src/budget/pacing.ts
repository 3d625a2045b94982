import type { UnixMs } from '../base/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../base/units.ts';
import { minuteOf } from '../model/event-time.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignDay } from './campaign-day.ts';

export const BUDGET_STATES = ['scheduled', 'active', 'paused', 'exhausted', 'ended'] as const;
export type BudgetState = (typeof BUDGET_STATES)[number];

/** The rate of the last hour is taken for that of the rest of the day. */
const RECENT_MS = HOUR_MS;

/** Spend of one minute, in the campaign's own currency. */
export interface MinuteSpend {
  readonly minute: UnixMs;
  readonly micros: bigint;
}

export interface Pacing {
  readonly spentMicros: bigint;
  /** What the day will have cost at its end; the spend so far when nothing more is to come. */
  readonly forecastMicros: bigint;
  /** 1 is on the line: spent ÷ (daily budget × share of the day's run that has passed). Null before the run begins. */
  readonly pacingIndex: number | null;
  readonly state: BudgetState;
}

/**
 * How a day's budget stands at `now`. `spend` holds the minutes of `day`, in any order.
 *
 * The day's run is the part of the day within the campaign's start and end.
 * forecast = spent + recent × left ÷ covered, where `recent` was spent in the last hour of the run (less, when it began later),
 * `covered` is how long that was, at least a minute, and `left` how much of the run is to come. Rounded down to a micro.
 */
export function paceOf(
  campaign: Campaign,
  day: CampaignDay,
  spend: readonly MinuteSpend[],
  now: UnixMs,
): Pacing {
  const spentMicros = sumOf(spend);
  const state = stateOf(campaign, spentMicros, now);
  const { from, to } = runOf(campaign, day);
  const passedMs = Math.min(now, to) - from;
  const isRunning = passedMs > 0;
  const index = isRunning
    ? Number(spentMicros) / (campaign.dailyBudgetMicros * (passedMs / (to - from)))
    : null;
  const isOver = state === 'ended' || state === 'paused' || !isRunning;
  const forecastMicros = isOver ? spentMicros : spentMicros + comingMicros(spend, from, to, now);
  return { spentMicros, forecastMicros, pacingIndex: index, state };
}

/** The part of the day within the campaign's start and end, Unix ms; empty, `from` ≥ `to`, on other days. */
export function runOf(campaign: Campaign, day: CampaignDay): { readonly from: UnixMs; readonly to: UnixMs } {
  return { from: Math.max(day.start, campaign.start), to: Math.min(day.end, campaign.end ?? Infinity) };
}

/** The state at `now`, after a spend of `spentMicros` on its day. */
export function stateOf(campaign: Campaign, spentMicros: bigint, now: UnixMs): BudgetState {
  if (campaign.end !== null && now >= campaign.end) return 'ended';
  if (now < campaign.start) return 'scheduled';
  if (campaign.isPaused) return 'paused';
  return spentMicros >= BigInt(campaign.dailyBudgetMicros) ? 'exhausted' : 'active';
}

function comingMicros(spend: readonly MinuteSpend[], from: UnixMs, to: UnixMs, now: UnixMs): bigint {
  const recentFrom = Math.max(minuteOf(from), minuteOf(Math.max(0, now - RECENT_MS)));
  const recentMicros = sumOf(spend.filter(({ minute }) => minute >= recentFrom && minute <= now));
  const coveredMs = Math.max(now - Math.max(from, recentFrom), MINUTE_MS);
  const leftMs = Math.max(0, to - now);
  return (recentMicros * BigInt(Math.round(leftMs))) / BigInt(Math.round(coveredMs));
}

function sumOf(spend: readonly MinuteSpend[]): bigint {
  return spend.reduce((sum, { micros }) => sum + micros, 0n);
}
