import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useRef } from 'preact/hooks';
import type { LiveFrame, LivePeer } from '../../model/live.ts';
import type { BudgetFeeds, StoresAnswer } from '../answers/region-answers.ts';
import type { SqlAnswer } from '../answers/sql-answer.ts';
import { Announcer } from '../components/announcer.ts';
import { askCounted, countedPerSecond, countedSql } from '../components/regions/counted-rates.ts';
import { demoRegions } from '../components/regions/demo.ts';
import { LinkFacts } from '../components/regions/link-facts.ts';
import { mapNodes } from '../components/regions/map-nodes.ts';
import { PipelineMap } from '../components/regions/pipeline-map.ts';
import { RegionCard } from '../components/regions/region-card.ts';
import { type RegionFacts, regionFacts } from '../components/regions/region-facts.ts';
import {
  type FeedSample,
  type SinkFeed,
  ratesBetween,
  sampleOf,
  sinkFeeds,
} from '../components/regions/region-sinks.ts';
import { SinkTable } from '../components/regions/sink-table.ts';
import { formatRate, formatSpan } from '../format.ts';
import { usePolling } from '../polling.ts';
import { connection, frame, isStale, regionNow } from '../store.ts';

const SINKS_EVERY_MS = 1000;
const COUNTED_EVERY_MS = 10_000;
/** Rates of stores are taken over this, at least. */
const RATES_OVER_MS = 4000;

/** Both regions side by side, how they follow each other, and how all of it hangs together. */
export function RegionsView(): VNode {
  const feeds = useSinks();
  const { data } = usePolling<SqlAnswer>(
    'counted',
    () => countedSql(regionNow()),
    COUNTED_EVERY_MS,
    askCounted,
  );
  const current = frame.value;
  return html`
    <div class="view-head"><h1>Regions</h1></div>
    ${
      current === null
        ? html`<p class="empty">Waiting for the region…</p>`
        : html`<${Regions}
            current=${current}
            feeds=${feeds}
            counted=${data === null ? null : countedPerSecond(data)}
          />`
    }
    <${Announcer} describe=${describe} />
  `;
}

interface RegionsProps {
  readonly current: LiveFrame;
  readonly feeds: readonly SinkFeed[];
  readonly counted: ((region: string) => number) | null;
}

function Regions({ current, feeds, counted }: RegionsProps): VNode {
  const demo = demoRegions.value;
  const isLost = connection.value === 'lost';
  const all = regionFacts({ frame: current, isLost, demo, countedPerSecond: counted });
  const { peer, region: here } = current;
  return html`<div data-stale=${isStale.value}>
    <div class="region-cards">
      ${all.map(
        (facts) =>
          html`<${RegionCard}
            key=${facts.region}
            facts=${facts}
            supervised=${demo.find(({ region }) => region === facts.region)}
            now=${isLost ? regionNow() : current.at}
          />`,
      )}
    </div>
    <section class="region-map" aria-labelledby="map-title">
      <div class="section-head">
        <h2 id="map-title">Pipeline</h2>
        <p class="section-note">
          figures of region ${here}; what only the other one knows is on its own page
        </p>
      </div>
      <${PipelineMap}
        lanes=${all.map((facts) => ({
          region: facts.region,
          isAlive: facts.state === 'alive',
          pageUrl: facts.pageUrl ?? '',
          nodes: mapNodes(facts, current, feeds),
        }))}
        link=${peer === null ? null : linkText(peer, all)}
      />
    </section>
    <div class="region-more">
      ${peer !== null && html`<${LinkFacts} current=${current} peer=${peer} />`}
      <${SinkTable} here=${here} feeds=${feeds} />
    </div>
  </div>`;
}

/** How the stores of this region follow, with rates from one look to the next. */
function useSinks(): readonly SinkFeed[] {
  const stores = usePolling<StoresAnswer>('stores', () => '/v1/stores', SINKS_EVERY_MS).data;
  const budgets = usePolling<BudgetFeeds>('budgets', () => '/v1/budgets?limit=1', SINKS_EVERY_MS).data;
  const samples = useRef<readonly FeedSample[]>([]);
  const seen = useRef<readonly unknown[]>([]);
  if (seen.current[0] !== stores || seen.current[1] !== budgets) {
    seen.current = [stores, budgets];
    const at = performance.now();
    const kept = samples.current;
    // The one that is old enough, and those after it.
    const from = Math.max(
      0,
      kept.findLastIndex((sample) => at - sample.at >= RATES_OVER_MS),
    );
    samples.current = [...kept.slice(from), sampleOf(at, stores, budgets)];
  }
  const [first, last] = [samples.current[0], samples.current.at(-1)];
  const rates =
    first === undefined || last === undefined || first === last ? new Map() : ratesBetween(first, last);
  return sinkFeeds(stores, budgets, rates);
}

function linkText(
  { region, isConnected, silentSince, throughLagMs }: LivePeer,
  all: readonly RegionFacts[],
): string {
  if (all.some(({ state }) => state === 'killed')) return 'cut: one is down';
  if (!isConnected && silentSince !== null) return `${region} is silent`;
  return throughLagMs === null ? 'not heard yet' : `lag ${formatSpan(throughLagMs)}`;
}

function describe(): string {
  const current = frame.peek();
  if (current === null) return '';
  const { region, eventsPerSecond, peer } = current;
  const other = peer === null ? '' : ` Region ${peer.region} is ${peer.isConnected ? 'alive' : 'silent'}.`;
  return `Region ${region} takes in ${formatRate(eventsPerSecond)} events per second.${other}`;
}
