import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import type { Expected } from './expected.ts';
import type { TopicRecord } from './job-rig.ts';

type Records = ReadonlyMap<string, TopicRecord>;

/**
 * A minute of which everything was taken out again is a row of zeros on the cluster, and may be missing in the embedded engine,
 * which also no longer serves minutes from before `retiredBefore`.
 */
export function adMinuteDifferences(
  { adMinutes }: Expected,
  found: Records,
  retiredBefore: number,
): string[] {
  return differences(adMinutes, found, (record) => {
    const { minute, impressions, clicks, costMicros } = record as unknown as AdMinute;
    return minute < retiredBefore || (impressions === 0 && clicks === 0 && costMicros === 0);
  });
}

/** Of an order that both regions took in the cluster has a record without credit in the other one, too. */
export function orderDifferences({ orders }: Expected, found: Records): string[] {
  return differences(
    orders,
    found,
    ({ outcome, creditMicros }) => outcome === 'yielded' && creditMicros === 0,
  );
}

/** Of touches that have lost their credit, or never had any, the engines have different records; these have no credit. */
export function creditDifferences({ orders }: Expected, found: Records): string[] {
  const kept = new Map([...orders].filter(([, record]) => !isLost(record)));
  const lost = [...orders].filter(([, record]) => isLost(record));
  const missing = lost.filter(([recordId]) => found.get(recordId)?.['creditMicros'] !== 0);
  return [
    ...differences(kept, found, (record) => isLost(record as unknown as AttributedOrder)),
    ...missing.map(([, record]) => `without credit: ${shown(record)}`),
  ];
}

function isLost({ rank, creditMicros }: Pick<AttributedOrder, 'rank' | 'creditMicros'>): boolean {
  return rank > 0 && creditMicros === 0;
}

function differences(
  wanted: ReadonlyMap<string, object>,
  found: Records,
  mayBeMore: (record: TopicRecord) => boolean,
): string[] {
  const texts: string[] = [];
  for (const [recordId, record] of wanted) {
    const [want, have] = [shown(record), shown(found.get(recordId) ?? {})];
    if (want !== have) texts.push(`wanted ${want}\n found ${have}`);
  }
  for (const [recordId, record] of found) {
    if (!wanted.has(recordId) && !mayBeMore(record)) texts.push(`more: ${shown(record)}`);
  }
  return texts;
}

/** All that both engines must agree on: not how often a record has changed, and nothing of an order service. */
function shown(record: object): string {
  const { revision: _, enrichment: __, enrichmentStatus: ___, ...rest } = record as Record<string, unknown>;
  const present = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  return JSON.stringify(present.toSorted(([x], [y]) => (x < y ? -1 : 1)));
}
