import { formatTime } from '../model/event-time.ts';
import { type VerdictCounts, VERDICTS } from '../model/verdict.ts';
import { ORDER_VERDICTS } from '../model/order-verdict.ts';
import type { AuditReport, CellSums, OrderBooks, OrderCounts } from './ports.ts';
import type { Aggregation } from './state/aggregation.ts';
import { readCounts } from './state/arrival-counters.ts';
import type { Attribution } from './state/attribution.ts';

/** The parts of an AuditReport that must agree with each other. */
export type Books = Omit<AuditReport, 'balanced' | 'differences'>;

/** Most differences that are spelt out; the rest are only counted. */
const DIFFERENCES_MAX = 100;

/** Holds the region's books against each other: totals, minutes of arrival, cells, and what was counted in all. */
export function auditOf({ attribution, cells, counters, sums, peerEvents }: Aggregation): AuditReport {
  const held = cells.sums();
  const { impressions, clicks, costMicros } = sums;
  const { yielded } = peerEvents;
  const books: Books = {
    ...readCounts(counters.total),
    minutes: counters.list(),
    earlier: readCounts(counters.earlier),
    cells: held,
    retiredCells: cells.retired,
    counted: { records: held.records + cells.retired.records, impressions, clicks, costMicros },
    yielded: {
      records: 0,
      impressions: yielded.impressions,
      clicks: yielded.clicks,
      costMicros: yielded.costMicros,
    },
    orders: orderBooksOf(attribution),
  };
  const differences = differencesIn(books);
  return { balanced: differences.length === 0, ...books, differences };
}

function orderBooksOf({ arrivals, scalars: { received, verdicts } }: Attribution): OrderBooks {
  const books = { received, verdicts: { ...verdicts }, minutes: arrivals.list(), earlier: arrivals.earlier };
  return { balanced: orderDifferences(books).length === 0, ...books };
}

/**
 * Says in words what does not add up; empty when everything does: received = the sum of the verdicts, in all and in every
 * minute of arrival; the minutes add up to the whole; counted = impressions + clicks; cells held + retired + what the other
 * region owns = what was counted;
 * and for the versions of orders the same as for events.
 */
export function differencesIn(books: Books): string[] {
  const found = [...verdictDifferences('in all', books.received, books.verdicts)];
  for (const { minute, received, verdicts } of books.minutes) {
    found.push(...verdictDifferences(`in the minute of ${formatTime(minute)}`, received, verdicts));
  }
  found.push(...minuteDifferences(books), ...cellDifferences(books), ...orderDifferences(books.orders));
  if (found.length <= DIFFERENCES_MAX) return found;
  return [...found.slice(0, DIFFERENCES_MAX), `and ${found.length - DIFFERENCES_MAX} more differences`];
}

function verdictDifferences(where: string, received: number, verdicts: VerdictCounts): string[] {
  const judged = VERDICTS.reduce((sum, verdict) => sum + verdicts[verdict], 0);
  if (judged === received) return [];
  return [`${received} events received ${where}, but ${judged} have a verdict`];
}

function minuteDifferences({ received, verdicts, minutes, earlier }: Books): string[] {
  const spans = [earlier, ...minutes];
  const sums: [string, number, number][] = VERDICTS.map((verdict) => [
    verdict,
    verdicts[verdict],
    spans.reduce((sum, span) => sum + span.verdicts[verdict], 0),
  ]);
  sums.push(['received', received, spans.reduce((sum, span) => sum + span.received, 0)]);
  return sums
    .filter(([, whole, added]) => whole !== added)
    .map(
      ([what, whole, added]) =>
        `${whole} events ${what} in all, but the minutes of arrival add up to ${added}`,
    );
}

function cellDifferences({ verdicts, cells, retiredCells, counted, yielded }: Books): string[] {
  const found: string[] = [];
  for (const key of [
    'records',
    'impressions',
    'clicks',
    'costMicros',
  ] as const satisfies (keyof CellSums)[]) {
    const held = BigInt(cells[key]) + BigInt(retiredCells[key]) + BigInt(yielded[key]);
    if (held !== BigInt(counted[key])) {
      found.push(`${counted[key]} ${key} were counted, but the ad minutes hold ${held}`);
    }
  }
  const events = counted.impressions + counted.clicks;
  if (events !== verdicts.counted) {
    found.push(
      `${verdicts.counted} events have the verdict counted, but ${events} were counted into ad minutes`,
    );
  }
  return found;
}

function orderDifferences(orders: Omit<OrderBooks, 'balanced'>): string[] {
  const { received, verdicts, minutes, earlier } = orders;
  const found = [...judgedDifferences('in all', orders)];
  for (const each of minutes)
    found.push(...judgedDifferences(`in the minute of ${formatTime(each.minute)}`, each));
  const spans = [earlier, ...minutes];
  const sums: [string, number, number][] = ORDER_VERDICTS.map((verdict) => [
    verdict,
    verdicts[verdict],
    spans.reduce((sum, span) => sum + span.verdicts[verdict], 0),
  ]);
  sums.push(['received', received, spans.reduce((sum, span) => sum + span.received, 0)]);
  for (const [what, whole, added] of sums) {
    if (whole !== added) {
      found.push(`${whole} orders ${what} in all, but the minutes of arrival add up to ${added}`);
    }
  }
  return found;
}

function judgedDifferences(where: string, { received, verdicts }: Readonly<OrderCounts>): string[] {
  const judged = ORDER_VERDICTS.reduce((sum, verdict) => sum + verdicts[verdict], 0);
  return judged === received ? [] : [`${received} orders received ${where}, but ${judged} have a verdict`];
}
