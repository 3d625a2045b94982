import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseDuration } from '../../src/base/units.ts';
import { ATTRIBUTION_MODELS } from '../../src/model/attributed-order.ts';
import type { PipelineConfig } from '../../src/pipeline/settings.ts';

const Fields = z.record(z.string(), z.unknown());
const Counts = z.record(z.string(), z.record(z.string(), z.number()));

const Answer = z.strictObject({
  orderId: z.string(),
  orderVersion: z.number().default(1),
  status: z.enum(['ok', 'unavailable']),
  enrichment: Fields.nullable().default(null),
});

const Step = z.strictObject({
  /** Arrival, as an offset from the case's own minute; the time of the step before when left out. */
  at: z.string().optional(),
  to: z.enum(['a', 'b']).optional(),
  /** Only what is different from EVENT; null leaves a field out. */
  events: z.array(Fields).optional(),
  /** Only what is different from ORDER. */
  orders: z.array(Fields).optional(),
  /** Lines as they are sent; `{{p}}` is the prefix of the case's ids, `{{@-5m}}` a time. */
  lines: z.array(z.string()).optional(),
  /** What the order service says of orders of the region. */
  answers: z.array(Answer).optional(),
  /** Both regions hear all there is of each other. */
  hear: z.literal(true).optional(),
});

const Case = z.strictObject({
  title: z.string(),
  /** Models of attribution; last touch alone when left out. */
  models: z.array(z.enum(ATTRIBUTION_MODELS)).optional(),
  /** There is an order service. */
  enriched: z.literal(true).optional(),
  steps: z.array(Step),
  /** Of events, by region: verdicts and, for invalid ones, their codes. What is left out is 0. */
  verdicts: Counts.default({}),
  orderVerdicts: Counts.default({}),
  codes: Counts.default({}),
  /** Every ad minute of the case, with the fields that are compared; all of them but what EXPECTED_MINUTE has. */
  adMinutes: z.array(Fields).default([]),
  orders: z.array(Fields).default([]),
  /** What the cluster has beside the records above, and why that makes no difference to whoever sums them. */
  clusterHas: z
    .strictObject({
      why: z.string(),
      adMinutes: z.array(Fields).default([]),
      orders: z.array(Fields).default([]),
    })
    .optional(),
});

export type ConformanceStep = z.infer<typeof Step> & { readonly atMs: number };
export interface ConformanceCase extends Omit<z.infer<typeof Case>, 'steps'> {
  readonly steps: readonly ConformanceStep[];
  /** What is put before every id of the case, so that all cases may share the topics of one cluster. */
  readonly prefix: string;
}

const EVENT = {
  eventType: 'impression',
  eventTime: '@0s',
  adId: 'ad',
  campaignId: 'campaign',
  advertiserId: 'advertiser',
  userId: 'user',
  merchantId: 'merchant',
  costMicros: 1000,
  currency: 'EUR',
};
const ORDER = {
  orderTime: '@0s',
  userId: 'user',
  merchantId: 'merchant',
  amountMicros: 5_000_000,
  currency: 'EUR',
};
const EXPECTED_MINUTE = {
  region: 'a',
  adId: 'ad',
  campaignId: 'campaign',
  advertiserId: 'advertiser',
  minute: '@0s',
  currency: 'EUR',
  impressions: 0,
  clicks: 0,
  costMicros: 0,
};
const EXPECTED_ORDER = {
  region: 'a',
  orderVersion: 1,
  orderStatus: 'placed',
  outcome: 'attributed',
  reason: null,
  amountMicros: 5_000_000,
  currency: 'EUR',
  model: 'last_touch',
  rank: 0,
  touchRegion: 'a',
};
/** Fields that stand for somebody or something of the case alone. */
const IDS = new Set(['eventId', 'orderId', 'userId', 'adId', 'campaignId', 'advertiserId', 'touchEventId']);

/** All cases, each with ids of its own; `minuteOf(n)` is the minute that offsets of the n-th case count from, Unix ms. */
export function readCases(minuteOf: (n: number) => number): ConformanceCase[] {
  const directory = new URL('cases/', import.meta.url);
  const files = readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .toSorted();
  const all = files.flatMap((name) => {
    const text = readFileSync(new URL(name, directory), 'utf8');
    return z.array(Case).parse(JSON.parse(text));
  });
  return all.map((one, n) => bound(one, n, minuteOf(n)));
}

/** The settings that a case needs. */
export function configOf({ models, enriched }: Pick<ConformanceCase, 'models' | 'enriched'>): PipelineConfig {
  return {
    // The SQL of a cluster has a term a touch: a few are enough.
    ...(models === undefined ? {} : { attribution: { models, touchesMax: 10 } }),
    ...(enriched === undefined ? {} : { enrichment: { url: 'http://orders.test' } }),
  };
}

function bound(one: z.infer<typeof Case>, n: number, minuteMs: number): ConformanceCase {
  const prefix = `c${n}-`;
  const { clusterHas } = one;
  const fill = (given: object, defaults: object): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries({ ...defaults, ...given })
        .filter(([, value]) => value !== null || defaults === EXPECTED_ORDER)
        .map(([name, value]) => [name, valueOf(name, value, prefix, minuteMs)]),
    );
  let atMs = minuteMs;
  const steps = one.steps.map((step): ConformanceStep => {
    atMs = step.at === undefined ? atMs : timeOf(step.at, minuteMs);
    return {
      ...step,
      atMs,
      events: step.events?.map((event) => fill(event, EVENT)),
      orders: step.orders?.map((order) => fill(order, ORDER)),
      lines: step.lines?.map((line) => lineOf(line, prefix, minuteMs)),
      answers: step.answers?.map((answer) => ({ ...answer, orderId: prefix + answer.orderId })),
    };
  });
  return {
    ...one,
    prefix,
    steps,
    adMinutes: one.adMinutes.map((record) => fill(record, EXPECTED_MINUTE)),
    orders: one.orders.map((record) => fill(record, EXPECTED_ORDER)),
    clusterHas: clusterHas && {
      ...clusterHas,
      adMinutes: clusterHas.adMinutes.map((record) => fill(record, EXPECTED_MINUTE)),
      orders: clusterHas.orders.map((record) => fill(record, EXPECTED_ORDER)),
    },
  };
}

function valueOf(name: string, value: unknown, prefix: string, minuteMs: number): unknown {
  if (typeof value !== 'string') return value;
  if (IDS.has(name)) return `${prefix}${value}`;
  return value.startsWith('@') ? timeOf(value, minuteMs) : value;
}

function lineOf(line: string, prefix: string, minuteMs: number): string {
  return line.replaceAll('{{p}}', prefix).replaceAll(/\{\{(@[^}]+)\}\}/g, (_, offset: string) => {
    return new Date(timeOf(offset, minuteMs)).toISOString();
  });
}

/** "@90s" or "@-24h" from the minute, or "@-24h-1ms". */
function timeOf(offset: string, minuteMs: number): number {
  const parts = offset.slice(1).match(/[+-]?\d+[a-z]+/g);
  if (parts === null || parts.join('') !== offset.slice(1)) throw new Error(`${offset} is no offset`);
  return parts.reduce((sum, part) => {
    const durationMs = parseDuration(part.replace(/^[+-]/, ''));
    if (durationMs === undefined) throw new Error(`${offset} is no offset`);
    return sum + (part.startsWith('-') ? -durationMs : durationMs);
  }, minuteMs);
}

/** What an engine made of a case, in the words of the case. */
export interface ConformanceOutcome {
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly orderVerdicts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly codes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By record id. */
  readonly adMinutes: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly orders: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}
