import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import { minuteOf } from '../../../src/model/event-time.ts';
import { adMinuteRecordId, attributedOrderRecordId } from '../../../src/model/record-id.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';
import { RegionPair } from '../../embedded/peer/region-pair.ts';
import type { Case, Side } from './cases.ts';
import { roundsOf, type SentStep } from './sent-steps.ts';

/** The names of the cluster's regions: the first one's sorts before the other's, as a's does before b's. */
export type RegionNames = Readonly<Record<Side, string>>;

/** What the embedded engine makes of cases. */
export interface Expected {
  readonly adMinutes: Map<string, AdMinute>;
  readonly orders: Map<string, AttributedOrder>;
  /** How many messages have each verdict, by `book`. */
  readonly verdicts: Map<string, number>;
}

/** As the key of a verdict's count, with the region's place in front. */
export function book(at: string, kind: string, arrival: number, verdict: string, code: string): string {
  return `${at} ${kind} ${minuteOf(arrival)} ${verdict} ${code}`;
}

/** Runs every case on two embedded regions of its own; the records are given the names of the cluster's regions. */
export async function embeddedResults(
  cases: readonly Case[],
  base: number,
  names: RegionNames,
  config: PipelineConfig,
): Promise<Expected> {
  const expected: Expected = { adMinutes: new Map(), orders: new Map(), verdicts: new Map() };
  for (const [number, one] of cases.entries()) {
    const pair = await RegionPair.open(config);
    for (const round of roundsOf((one.asIf ?? one).steps, number, base))
      await takeRound(pair, round, expected);
    collect(pair, names, expected);
    await pair.close();
  }
  return expected;
}

/** What the embedded engine makes of steps, of which the regions hear when all have been taken. */
export async function embeddedResultsOf(
  steps: readonly SentStep[],
  names: RegionNames,
  config: PipelineConfig,
): Promise<Expected> {
  const expected: Expected = { adMinutes: new Map(), orders: new Map(), verdicts: new Map() };
  const pair = await RegionPair.open(config);
  await takeRound(pair, steps, expected);
  collect(pair, names, expected);
  await pair.close();
  return expected;
}

async function takeRound(pair: RegionPair, round: readonly SentStep[], expected: Expected): Promise<void> {
  for (const step of round) await take(pair, step, expected);
  await pair.heal();
}

function collect(pair: RegionPair, names: RegionNames, expected: Expected): void {
  for (const side of ['a', 'b'] as const) {
    const region = names[side];
    for (const record of pair[side].changedAdMinutes(undefined, 1_000_000).records)
      addMinute(expected, { ...record, region });
    for (const record of pair[side].changedOrders(undefined, 1_000_000).records)
      addOrder(expected, { ...record, region }, names);
  }
}

function addMinute({ adMinutes }: Expected, record: AdMinute): void {
  const recordId = adMinuteRecordId(record.region, record.adId, record.minute, record.currency);
  adMinutes.set(recordId, { ...record, recordId });
}

function addOrder({ orders }: Expected, record: AttributedOrder, names: RegionNames): void {
  const recordId = attributedOrderRecordId(record.region, record.orderId, record.model, record.rank);
  const touchRegion = record.touchRegion === null ? null : names[record.touchRegion as Side];
  orders.set(recordId, { ...record, recordId, touchRegion });
}

async function take(pair: RegionPair, step: SentStep, { verdicts }: Expected): Promise<void> {
  pair.now = step.arrival;
  const region = pair[step.at];
  const body = Buffer.from(step.body);
  const receipt =
    step.kind === 'event' ? await region.ingest(body, 'json') : await region.ingestOrders(body, 'json');
  const verdict =
    step.clusterVerdict ?? Object.entries(receipt.verdicts).find(([, count]) => count === 1)![0];
  const code = verdict === 'invalid' ? receipt.problems[0].code : verdict;
  const key = book(step.at, step.kind, step.arrival, verdict, code);
  verdicts.set(key, (verdicts.get(key) ?? 0) + 1);
}
