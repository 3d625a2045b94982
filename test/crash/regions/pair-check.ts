import { expect } from 'vitest';
import type { OracleRecord } from '../../../src/oracle/oracle-rules.ts';
import { chargedByRecord } from '../charged-records.ts';
import { call, read } from '../http-call.ts';
import { ordersOf, readServed, recordsOf, type ServedOrder } from '../served.ts';
import { keyOf, type PairTruth, type Totals } from './pair-truth.ts';
import type { RegionSide } from './region-side.ts';

/** What a region holds of its own. */
export interface Own {
  readonly records: ReadonlyMap<string, OracleRecord>;
  readonly orders: ReadonlyMap<string, ServedOrder>;
}

export async function readOwn({ url }: RegionSide): Promise<Own> {
  const served = await readServed(url);
  return { records: recordsOf(served), orders: ordersOf(served) };
}

/** Holds what both regions counted against what was acknowledged: each event once, in the first one where both had it. */
export function expectTruth([a, b]: readonly [Own, Own], truth: PairTruth): void {
  const isShared = ({ adId }: OracleRecord): boolean => !truth.restamped.has(adId);
  const shared = [a, b].map(({ records }) => [...records.values()].filter(isShared));
  expect(totalsOf(shared.flat())).toEqual(truth.totals());
  const [ofA, ofB] = shared.map(totalsOf);
  expectAtLeast(ofA, truth.totals('a', 'both'));
  expectAtLeast(ofB, truth.totals('b'));
  expect([...ofB.keys()].filter((key) => key.startsWith('both-'))).toEqual([]);
  expectRestamped([...a.records.values(), ...b.records.values()], truth);
  expectOrders([...a.orders.values(), ...b.orders.values()], truth);
}

/** Records that hold something, summed up over regions. */
function totalsOf(records: readonly OracleRecord[]): Map<string, Totals> {
  const totals = new Map<string, Totals>();
  for (const { adId, minute, currency, impressions, clicks, costMicros } of records) {
    if (impressions + clicks === 0) continue;
    const key = keyOf(adId, minute, currency);
    const sums = totals.get(key) ?? { impressions: 0, clicks: 0, costMicros: 0 };
    totals.set(key, {
      impressions: sums.impressions + impressions,
      clicks: sums.clicks + clicks,
      costMicros: sums.costMicros + costMicros,
    });
  }
  return totals;
}

function expectAtLeast(held: ReadonlyMap<string, Totals>, sure: ReadonlyMap<string, Totals>): void {
  const missing = [...sure].filter(([key, { impressions, clicks }]) => {
    const has = held.get(key);
    return has === undefined || has.impressions < impressions || has.clicks < clicks;
  });
  expect(missing, 'what was acknowledged by a region and is not there').toEqual([]);
}

/** Every event of two contents is an ad of its own: it counts once, as one of them. */
function expectRestamped(records: readonly OracleRecord[], { restamped }: PairTruth): void {
  const found = totalsOf(records.filter(({ adId }) => restamped.has(adId)));
  expect(found.size, 'events stamped anew').toBe(restamped.size);
  for (const versions of restamped.values()) {
    const fitting = versions.filter(({ adId, eventType, eventTime, currency, costMicros }) => {
      const held = found.get(keyOf(adId, eventTime, currency));
      const [impressions, clicks] = eventType === 'click' ? [0, 1] : [1, 0];
      return held?.impressions === impressions && held.clicks === clicks && held.costMicros === costMicros;
    });
    expect(fitting.length, `${versions[0].eventId} counts once`).toBeGreaterThan(0);
  }
}

/** One region has each order, as the latest version of it and the latest touch say; the other one at most says that it yields. */
function expectOrders(records: readonly ServedOrder[], truth: PairTruth): void {
  const yielded = records.filter(({ outcome }) => outcome === 'yielded');
  expect(yielded.filter(({ creditMicros }) => creditMicros !== 0)).toEqual([]);
  const kept = records.filter(({ outcome, rank }) => outcome !== 'yielded' && rank === 0);
  const held = kept.map(({ orderId, orderVersion, amountMicros, outcome, creditMicros, touchEventId }) => {
    return [orderId, { orderVersion, amountMicros, outcome, creditMicros, touchEventId }] as const;
  });
  expect(held.length, 'orders, each in one region').toBe(truth.orderCount);
  expect(new Map(held)).toEqual(truth.orders());
}

const MINUTE_COLUMNS =
  'record_id, revision, region, ad_id, campaign_id, advertiser_id, minute, currency, impressions, clicks, cost_micros';
const ORDER_COLUMNS =
  'record_id, revision, region, order_id, order_version, amount_micros, outcome, credit_micros, touch_event_id';

/** The rows of a store, `reporting` or `warehouse`, as text, in order. */
async function rowsOf({ url }: RegionSide, store: string): Promise<string[]> {
  const minutes = store === 'warehouse' ? MINUTE_COLUMNS.replace(' minute,', ' minute_ms,') : MINUTE_COLUMNS;
  const rows = await Promise.all([
    query(url, `SELECT ${minutes} FROM ${store}.ad_minutes`),
    query(url, `SELECT ${ORDER_COLUMNS} FROM ${store}.attributed_orders`),
  ]);
  return rows.flat().toSorted();
}

async function query(url: string, sql: string): Promise<string[]> {
  const bytes = Buffer.from(JSON.stringify({ sql }));
  const { status, text } = await call(`${url}/v1/sql`, { type: 'application/json', bytes });
  if (status !== 200) return [`${status}: ${text}`];
  const { rows, truncated } = JSON.parse(text) as { rows: unknown[][]; truncated: boolean };
  expect(truncated, 'the answer holds every row').toBe(false);
  return rows.map((row) => row.join(' '));
}

/** The rows that every store has to hold, from what both regions hold of their own. */
export function rowsDue(owns: readonly Own[]): string[] {
  const minutes = owns.flatMap(({ records }) => [...records.values()]);
  const orders = owns.flatMap((own) => [...own.orders.values()]);
  return [
    ...minutes.map((r) => rowOf(r, MINUTE_COLUMNS)),
    ...orders.map((r) => rowOf(r, ORDER_COLUMNS)),
  ].toSorted();
}

/** The first rows that a store has not, or has too many of. */
export async function strayRows(side: RegionSide, store: string, due: readonly string[]): Promise<string[]> {
  const held = await rowsOf(side, store);
  const [isDue, isHeld] = [new Set(due), new Set(held)];
  const missing = due.filter((row) => !isHeld.has(row)).map((row) => `missing: ${row}`);
  const extra = held.filter((row) => !isDue.has(row)).map((row) => `too many: ${row}`);
  const twice = held.length - isHeld.size;
  return [...missing.slice(0, 5), ...extra.slice(0, 5), ...(twice > 0 ? [`${twice} rows twice`] : [])];
}

function rowOf(record: object, columns: string): string {
  const fields = columns
    .split(', ')
    .map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  const values = record as Readonly<Record<string, string | number | null>>;
  return fields.map((field) => values[field] ?? '').join(' ');
}

/** What a ledger has charged for each record that costs anything. */
export async function chargesOf({ url }: RegionSide): Promise<Record<string, number>> {
  const charged = Object.entries(await chargedByRecord(url));
  return Object.fromEntries(charged.filter(([, amount]) => amount !== 0));
}

export function chargesDue(owns: readonly Own[]): Record<string, number> {
  const records = owns.flatMap((own) => [...own.records.values()]);
  return Object.fromEntries(
    records.flatMap(({ recordId, costMicros }) => (costMicros === 0 ? [] : [[recordId, costMicros]])),
  );
}

/** What the budget's own audit says. */
export async function budgetAudit({ url }: RegionSide): Promise<object> {
  return JSON.parse(await read(`${url}/v1/audit/budget`)) as object;
}
