import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { LiveFrame, LivePeer } from '../../../model/live.ts';
import { NO_FIGURE, formatClock, formatCount, formatSpan } from '../../format.ts';
import { timeZone } from '../../store.ts';

/** How the region of this page stands to the other one. */
export function LinkFacts({ current, peer }: { current: LiveFrame; peer: LivePeer }): VNode {
  const { region: here, at } = current;
  const { region, throughLagMs, settledLagMs, silentSince, yielded, blocksMissed, lastError } = peer;
  const rows = [
    ['Lag behind it', throughLagMs === null ? NO_FIGURE : formatSpan(throughLagMs)],
    ['Silent', silentSince === null ? 'no' : `since ${formatClock(silentSince, timeZone.value)}`],
    ['Settled until', settledLagMs === null ? NO_FIGURE : settledText(at, settledLagMs)],
    ['Events left to it, which were its own', formatCount(yielded)],
    ['Blocks of it that are missed', formatCount(blocksMissed)],
  ] as const;
  return html`<section class="region-link" aria-labelledby="link-title">
    <div class="section-head">
      <h2 id="link-title">How ${here} follows ${region}</h2>
      <p class="section-note">its lag grows to about ten seconds while nothing happens there</p>
    </div>
    <dl class="facts">
      ${rows.map(
        ([name, figure]) =>
          html`<div key=${name}>
            <dt>${name}</dt>
            <dd>${figure}</dd>
          </div>`,
      )}
    </dl>
    ${lastError !== null && html`<p class="problem link-error">${lastError}</p>`}
  </section>`;
}

/** Nothing can come any more from before: from neither region, and not late. */
function settledText(at: number, lagMs: number): string {
  return `${formatClock(at - lagMs, timeZone.value)}, ${formatSpan(lagMs)} ago`;
}
