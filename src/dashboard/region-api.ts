import type { UnixMs } from '../base/clock.ts';
import type { AttributedOrder } from '../model/attributed-order.ts';
import type { Order } from '../model/order.ts';
import type { TouchExplanation } from '../model/touch.ts';
import type { Verdict } from '../model/verdict.ts';
import { parseExact } from './answers/exact-json.ts';

/** One minute of an ad in one currency. */
export interface AdMinuteRow {
  /** Start of the minute, RFC 3339. */
  readonly start: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly currency: string;
  readonly impressions: number;
  readonly clicks: number;
  /** Integer micros of `currency`. */
  readonly costMicros: number;
}

/** Answer of `GET /v1/ad-minutes`; minutes without events have no row. */
export interface AdMinutesAnswer {
  readonly rows: readonly AdMinuteRow[];
  readonly totals: {
    readonly impressions: number;
    readonly clicks: number;
    /** Integer micros by currency. */
    readonly costMicros: Readonly<Record<string, number>>;
  };
  /** RFC 3339; null while there is no event at all. */
  readonly asOf: string | null;
}

export interface QuarantineEntry {
  readonly id: number;
  readonly arrival: UnixMs;
  readonly verdict: Verdict;
  readonly code: string;
  readonly message: string;
  readonly eventId: string | null;
  readonly sizeBytes: number;
}

/** Answer of `GET /v1/quarantine`, newest first. */
export interface QuarantineAnswer {
  readonly entries: readonly QuarantineEntry[];
  readonly held: number;
  /** How many had to make room for later ones. */
  readonly dropped: number;
}

/** How a campaign's budget stands on its day. Micros past 2^53 come rounded: the page shows them, it does not add them up. */
export interface BudgetAnswer {
  readonly campaignId: string;
  readonly merchantId: string | null;
  readonly placement: string | null;
  readonly currency: string;
  /** `2026-01-31`, in the campaign's time zone. */
  readonly day: string;
  /** RFC 3339. */
  readonly dayStart: string;
  readonly dayEnd: string;
  readonly asOf: string;
  readonly dailyBudgetMicros: number;
  readonly spentMicros: number;
  readonly remainingMicros: number;
  readonly forecastMicros: number;
  readonly pacingIndex: number | null;
  readonly state: 'scheduled' | 'active' | 'paused' | 'exhausted' | 'ended';
}

/** Answer of `GET /v1/budgets`. */
export interface BudgetsAnswer {
  readonly budgets: readonly BudgetAnswer[];
  readonly next: string | null;
}

/** Answer of `GET /v1/campaigns/ID/spend`. */
export interface DaySpendAnswer {
  readonly budget: BudgetAnswer;
  /** The pacing line goes from nothing here to the daily budget there. */
  readonly runFrom: UnixMs;
  readonly runTo: UnixMs;
  readonly minutes: readonly { readonly minute: UnixMs; readonly spentMicros: number }[];
}

/** Answer of `GET /v1/orders`, newest change first: one record per order, model and rank. */
export interface OrdersAnswer {
  readonly records: readonly AttributedOrder[];
}

/** Answer of `GET /v1/orders/ORDER-ID/explain`. */
export interface OrderAnswer {
  readonly order: Order;
  /** When its first version arrived. */
  readonly firstArrival: UnixMs;
  readonly records: readonly AttributedOrder[];
  /** Every touch that was considered, latest first. */
  readonly touches: readonly TouchExplanation[];
}

/** What the region refused, in its own words. */
export class RegionRefusal extends Error {
  /** Status code of HTTP. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MS = 10_000;

export function adMinutesPath(adId: string, from: UnixMs, to: UnixMs, timeZone: string): string {
  const query = new URLSearchParams({
    adId,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    granularity: 'minute',
    timezone: timeZone,
  });
  return `/v1/ad-minutes?${query.toString()}`;
}

export function orderPath(orderId: string): string {
  return `/v1/orders/${encodeURIComponent(orderId)}/explain`;
}

/** Gets JSON; a refusal becomes a RegionRefusal with what the region said (RFC 9457), silence one after ten seconds. */
export async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  return JSON.parse(await askText(path, signal)) as T;
}

/** The same, with whole numbers past 2^53 as bigint. */
export async function getExactJson<T>(path: string, signal: AbortSignal): Promise<T> {
  return parseExact(await askText(path, signal)) as T;
}

interface Posted {
  /** JSON, or nothing. */
  readonly body?: string;
  readonly timeoutMs?: number;
}

/** Posts, and reads the answer as getExactJson does. */
export async function postJson<T>(
  path: string,
  signal: AbortSignal,
  { body, timeoutMs }: Posted,
): Promise<T> {
  const content = body === undefined ? {} : { body };
  return parseExact(await askText(path, signal, { method: 'POST', ...content }, timeoutMs)) as T;
}

async function askText(
  path: string,
  signal: AbortSignal,
  request: RequestInit = {},
  timeoutMs: number = TIMEOUT_MS,
): Promise<string> {
  const response = await fetch(path, {
    ...request,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    cache: 'no-store',
    headers: {
      accept: 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  });
  if (!response.ok) throw new RegionRefusal(response.status, await readProblem(response));
  return response.text();
}

async function readProblem(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => null)) as { title?: string; detail?: string } | null;
  return problem?.detail ?? problem?.title ?? `The region answered ${response.status}.`;
}
