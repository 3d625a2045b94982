import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { TopAd } from '../../model/live.ts';
import { formatCount, formatCtr, formatMoney } from '../format.ts';
import { adHref } from '../router.ts';
import { useHoldStill } from './hold-still.ts';

/** The ads with most events. */
export function TopAds({ ads }: { ads: readonly TopAd[] }): VNode {
  const { shown, isHeld, hold } = useHoldStill(ads);
  return html`
    <div class="section-head">
      <h2 id="top-ads">Top ads</h2>
      <p class="section-note">
        ${isHeld ? 'held still while you point at it' : 'impressions and clicks of the last 15 minutes'}
      </p>
    </div>
    ${
      shown.length === 0
        ? html`<p class="empty">No ad had an impression or click in the last 15 minutes.</p>`
        : html`<div class="table-scroll">
            <table class="ads" aria-labelledby="top-ads" ...${hold}>
              <thead>
                <tr>
                  <th scope="col">Ad</th>
                  <th scope="col" class="wide">Campaign</th>
                  <th scope="col" class="wide">Advertiser</th>
                  <th scope="col" class="number">Impressions</th>
                  <th scope="col" class="number">Clicks</th>
                  <th scope="col" class="number">CTR</th>
                  <th scope="col" class="number">Cost</th>
                </tr>
              </thead>
              <tbody>
                ${shown.map((ad) => html`<${AdRow} key=${`${ad.adId} ${ad.currency}`} ad=${ad} />`)}
              </tbody>
            </table>
          </div>`
    }
  `;
}

function AdRow({ ad }: { ad: TopAd }): VNode {
  return html`<tr>
    <th scope="row" class="id"><a href=${adHref(ad.adId)} title=${ad.adId}>${ad.adId}</a></th>
    <td class="id wide" title=${ad.campaignId}>${ad.campaignId}</td>
    <td class="id wide" title=${ad.advertiserId}>${ad.advertiserId}</td>
    <td class="number">${formatCount(ad.impressions)}</td>
    <td class="number">${formatCount(ad.clicks)}</td>
    <td class="number">${formatCtr(ad.clicks, ad.impressions)}</td>
    <td class="number" title=${formatMoney(ad.costMicros, ad.currency, { exact: true })}>
      ${formatMoney(ad.costMicros, ad.currency)}
    </td>
  </tr>`;
}
