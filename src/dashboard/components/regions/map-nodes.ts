import type { LiveFrame } from '../../../model/live.ts';
import { NO_FIGURE, formatCount, formatLatency, formatRate, formatSize } from '../../format.ts';
import type { RegionFacts } from './region-facts.ts';
import { type SinkFeed, greatest } from './region-sinks.ts';

/** A step of the pipeline in one region, with two lines about it. */
export interface MapNode {
  readonly step: Step;
  readonly label: string;
  readonly rate: string;
  readonly lag: string;
  /** The view about it, after the `#`. */
  readonly hash: string;
}

export type Step =
  | 'publishers'
  | 'log'
  | 'aggregation'
  | 'touches'
  | 'attribution'
  | 'union'
  | 'reporting'
  | 'warehouse'
  | 'budgets';

/** Each step, what it is called, and the view that tells more. */
export const STEPS: readonly (readonly [Step, label: string, hash: string])[] = [
  ['publishers', 'Publishers', '#/'],
  ['log', 'Log', '#/quarantine'],
  ['aggregation', 'Aggregation', '#/'],
  ['touches', 'Touches', '#/orders'],
  ['attribution', 'Attribution', '#/orders'],
  ['union', 'Union & Load', '#/regions'],
  ['reporting', 'Reporting store', '#/figures'],
  ['warehouse', 'Warehouse', '#/sql'],
  ['budgets', 'Budgets', '#/campaigns'],
];

/** The steps of a region; of another one only what is known here. */
export function mapNodes(facts: RegionFacts, frame: LiveFrame, feeds: readonly SinkFeed[]): MapNode[] {
  const texts = facts.isHere ? ownTexts(frame, feeds) : otherTexts(facts);
  return STEPS.map(([step, label, hash]) => {
    const [rate = NO_FIGURE, lag = ''] = texts[step] ?? [];
    return { step, label, hash, rate, lag };
  });
}

type Texts = Partial<Record<Step, readonly [rate: string, lag?: string]>>;

function ownTexts(
  { eventsPerSecond, pendingBytes, freshness, records, orders }: LiveFrame,
  feeds: readonly SinkFeed[],
): Texts {
  const of = (sink: SinkFeed['sink']): SinkFeed[] => feeds.filter((feed) => feed.sink === sink);
  return {
    publishers: [`${formatRate(eventsPerSecond)} events/s`],
    log: [`${formatSize(pendingBytes)} waiting`],
    aggregation: [`${formatCount(records)} held`, `p99 ${formatLatency(freshness.p99Ms)}`],
    touches: ['by user'],
    attribution: [`${formatCount(orders.held)} orders`, `${formatCount(orders.pending)} wait`],
    union: [ratesText(feeds), lagText(feeds)],
    reporting: [ratesText(of('reporting store')), lagText(of('reporting store'))],
    warehouse: [ratesText(of('warehouse')), lagText(of('warehouse'))],
    budgets: [ratesText(of('budgets')), lagText(of('budgets'))],
  };
}

function otherTexts({ countedPerSecond }: RegionFacts): Texts {
  if (countedPerSecond === null) return {};
  return { publishers: [`${formatRate(countedPerSecond)} counted/s`, 'last full minute'] };
}

function ratesText(feeds: readonly SinkFeed[]): string {
  const known = feeds.map(({ perSecond }) => perSecond).filter((rate) => rate !== null);
  if (known.length === 0) return NO_FIGURE;
  return `${formatRate(known.reduce((sum, rate) => sum + rate, 0))} records/s`;
}

function lagText(feeds: readonly SinkFeed[]): string {
  if (feeds.some(({ state }) => state === 'failing')) return 'failing';
  const lag = greatest(feeds.map(({ lagMs }) => lagMs));
  if (lag === null) return feeds.length === 0 ? '' : 'catching up';
  return lag === 0 ? 'no lag' : `lag ${formatLatency(lag)}`;
}
