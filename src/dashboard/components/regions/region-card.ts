import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { DemoRegion } from '../../answers/region-answers.ts';
import {
  NO_FIGURE,
  formatClock,
  formatCount,
  formatLatency,
  formatRate,
  formatSize,
  formatSpan,
} from '../../format.ts';
import { timeZone } from '../../store.ts';
import { RegionSwitch } from './region-switch.ts';
import type { RegionFacts } from './region-facts.ts';

interface RegionCardProps {
  readonly facts: RegionFacts;
  /** As the supervisor of the demo sees it; undefined where this is none. */
  readonly supervised: DemoRegion | undefined;
  /** The region's time of day. */
  readonly now: number;
}

/** One region as the page's region sees it. */
export function RegionCard({ facts, supervised, now }: RegionCardProps): VNode {
  const { region, isHere, state, pageUrl } = facts;
  const id = `region-${region}`;
  return html`<section class="region-card" data-state=${state} aria-labelledby=${id}>
    <div class="section-head">
      <h2 id=${id}>Region ${region}</h2>
      <p class="section-note">
        ${isHere ? 'serves this page' : pageUrl !== null && state === 'alive' && html`<a href=${`${pageUrl}#/regions`}>its own page</a>`}
      </p>
    </div>
    <p class="region-state">
      <span class="dot" aria-hidden="true"></span
      ><b>${STATE_WORDS[state]}</b> ${sinceText(facts, supervised, now)}
    </p>
    <dl class="facts">
      ${rowsOf(facts).map(
        ([name, figure]) =>
          html`<div key=${name}>
            <dt>${name}</dt>
            <dd>${figure}</dd>
          </div>`,
      )}
    </dl>
    ${supervised !== undefined && html`<${RegionSwitch} supervised=${supervised} isHere=${isHere} />`}
  </section>`;
}

const STATE_WORDS: Record<RegionFacts['state'], string> = {
  alive: 'Alive',
  silent: 'Silent',
  killed: 'Killed',
  starting: 'Starting',
  unknown: 'Not heard of yet',
};

function sinceText({ silentSince }: RegionFacts, supervised: DemoRegion | undefined, now: number): string {
  const restartAt = supervised?.restartAt ?? null;
  const since =
    silentSince === null
      ? ''
      : `since ${formatClock(silentSince, timeZone.value)}, for ${formatSpan(Math.max(0, now - silentSince))}`;
  const again =
    restartAt === null || restartAt <= now
      ? ''
      : `starts again in ${formatSpan(wholeSeconds(restartAt - now))}`;
  return [since, again].filter((part) => part !== '').join('; ');
}

function wholeSeconds(durationMs: number): number {
  return Math.ceil(durationMs / 1000) * 1000;
}

/** The same rows for both regions, so that they can be read across; a dash for what only the region itself knows. */
function rowsOf(facts: RegionFacts): readonly (readonly [string, string])[] {
  const { eventsPerSecond, countedPerSecond, freshnessP99Ms, knownLagMs, records, pendingBytes } = facts;
  return [
    ['Events per second, now', ifKnown(eventsPerSecond, formatRate)],
    ['Counted per second, last full minute', ifKnown(countedPerSecond, formatRate)],
    ['Accepted to visible, p99', formatLatency(freshnessP99Ms)],
    ['Known here up to', ifKnown(knownLagMs, (lagMs) => (lagMs === 0 ? 'now' : `${formatSpan(lagMs)} ago`))],
    ['Ad minutes held', ifKnown(records, formatCount)],
    ['Waiting for the disk', ifKnown(pendingBytes, formatSize)],
  ];
}

function ifKnown(value: number | null, format: (known: number) => string): string {
  return value === null ? NO_FIGURE : format(value);
}
