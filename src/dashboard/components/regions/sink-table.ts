import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { NO_FIGURE, formatLatency, formatRate } from '../../format.ts';
import type { SinkFeed } from './region-sinks.ts';

/** The stores of this region, and how they follow the records of each. */
export function SinkTable({ here, feeds }: { here: string; feeds: readonly SinkFeed[] }): VNode {
  return html`<section class="region-sinks" aria-labelledby="sinks-title">
    <div class="section-head">
      <h2 id="sinks-title">Stores of region ${here}</h2>
      <p class="section-note">each takes in the records of every region; a slow one holds up nothing else</p>
    </div>
    ${
      feeds.length === 0
        ? html`<p class="empty">This region has no stores, or they do not answer yet.</p>`
        : html`<div class="table-scroll" tabindex="0" role="group" aria-labelledby="sinks-title">
            <table>
              <thead>
                <tr>
                  <th scope="col">Store</th>
                  <th scope="col">Records of</th>
                  <th scope="col">State</th>
                  <th scope="col" class="number">Lag</th>
                  <th scope="col" class="number">Records per second</th>
                </tr>
              </thead>
              <tbody>
                ${feeds.map((feed) => html`<${Row} key=${`${feed.sink} ${feed.region}`} feed=${feed} />`)}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}

function Row({ feed }: { feed: SinkFeed }): VNode {
  const { sink, region, state, lagMs, perSecond, error } = feed;
  return html`<tr data-sink-state=${state}>
    <th scope="row">${sink}</th>
    <td>region ${region}</td>
    <td>
      <span class="dot" aria-hidden="true"></span>
      ${state}${error !== null && html`<span class="sink-error">: ${error}</span>`}
    </td>
    <td class="number">${lagMs === 0 ? 'none' : formatLatency(lagMs)}</td>
    <td class="number">${perSecond === null ? NO_FIGURE : formatRate(perSecond)}</td>
  </tr>`;
}
