import { adMinuteRecordId, attributedOrderRecordId } from '../../src/model/record-id.ts';
import type { AttributionModel } from '../../src/model/attributed-order.ts';
import type { ConformanceCase, ConformanceOutcome } from './conformance-case.ts';

type Row = Readonly<Record<string, unknown>>;

/** Where an outcome is not what the case says; empty when it conforms. */
export function deviations(one: ConformanceCase, outcome: ConformanceOutcome): string[] {
  return [
    ...countFaults('events', one.verdicts, outcome.verdicts),
    ...countFaults('orders', one.orderVerdicts, outcome.orderVerdicts),
    ...countFaults('codes', one.codes, outcome.codes),
    ...recordFaults(one.adMinutes, minuteId, outcome.adMinutes),
    ...recordFaults(one.orders, orderId, outcome.orders),
  ];
}

function minuteId({ region, adId, minute, currency }: Row): string {
  return adMinuteRecordId(String(region), String(adId), Number(minute), String(currency));
}

function orderId({ region, orderId: id, model, rank }: Row): string {
  return attributedOrderRecordId(String(region), String(id), model as AttributionModel, Number(rank));
}

type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

function countFaults(what: string, expected: Counts, seen: Counts): string[] {
  const regions = new Set([...Object.keys(expected), ...Object.keys(seen)]);
  return [...regions].flatMap((region) => {
    const names = new Set([...Object.keys(expected[region] ?? {}), ...Object.keys(seen[region] ?? {})]);
    return [...names].flatMap((name) => {
      const wanted = expected[region]?.[name] ?? 0;
      const found = seen[region]?.[name] ?? 0;
      return wanted === found ? [] : [`${what} of ${region}: ${name} is ${found}, not ${wanted}`];
    });
  });
}

function recordFaults(
  expected: readonly Row[],
  idOf: (row: Row) => string,
  seen: ReadonlyMap<string, Row>,
): string[] {
  const wanted = new Map(expected.map((row) => [idOf(row), row]));
  const missing = [...wanted].flatMap(([id, row]) => {
    const found = seen.get(id);
    if (found === undefined) return [`no record ${id} for ${JSON.stringify(row)}`];
    return Object.entries(row)
      .filter(([name, value]) => textOf(found[name]) !== textOf(value))
      .map(([name, value]) => `${id}: ${name} is ${textOf(found[name])}, not ${textOf(value)}`);
  });
  const surplus = [...seen].filter(([id]) => !wanted.has(id));
  return [...missing, ...surplus.map(([id, row]) => `a record too many, ${id}: ${JSON.stringify(row)}`)];
}

function textOf(value: unknown): string {
  return JSON.stringify(value ?? null);
}
