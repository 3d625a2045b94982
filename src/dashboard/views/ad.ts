import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { NO_FIGURE, formatClock, formatCount, formatCtr, formatMoney } from '../format.ts';
import { minuteSlots } from '../series/minute-slots.ts';
import { usePolling } from '../polling.ts';
import { type AdMinutesAnswer, adMinutesPath } from '../region-api.ts';
import { AD_RANGES, adHref } from '../router.ts';
import { isStale, regionNow, timeZone } from '../store.ts';
import { MinuteChart } from '../components/minute-chart.ts';
import { MinuteTable } from '../components/minute-table.ts';
import { Totals } from '../components/totals.ts';

const REFRESH_MS = 1500;
const MINUTE_MS = 60_000;

/** One ad, minute by minute. */
export function AdView({ adId, minutes }: { adId: string; minutes: number }): VNode {
  const zone = timeZone.value;
  const makePath = (): string => {
    const to = nextMinute();
    return adMinutesPath(adId, to - minutes * MINUTE_MS, to, zone);
  };
  const { data, error } = usePolling<AdMinutesAnswer>(`${minutes} ${zone}`, makePath, REFRESH_MS);
  const slots = minuteSlots(data?.rows ?? [], minutes, nextMinute());
  return html`
    <div class="view-head">
      <div class="view-title">
        <p class="view-kind">Ad</p>
        <h1 class="id">${adId}</h1>
        <${Belonging} data=${data} />
      </div>
      <${RangeSwitch} adId=${adId} minutes=${minutes} />
    </div>
    <div data-stale=${error !== null || isStale.value}>
      <${AdTotals} data=${data} />
      <p class=${error === null ? 'view-note' : 'problem'} role=${error === null ? undefined : 'alert'}>
        ${describe(data, error, minutes)}
      </p>
      <${MinuteChart} of=${`ad ${adId}`} slots=${slots} />
      <${MinuteTable} slots=${slots} />
    </div>
  `;
}

/** End of the minute under way: the chart's right edge. */
function nextMinute(): number {
  const now = regionNow();
  return now - (now % MINUTE_MS) + MINUTE_MS;
}

function describe(data: AdMinutesAnswer | null, error: string | null, minutes: number): string {
  if (error !== null) return `${error} Trying again.`;
  if (data === null) return 'Loading…';
  const { impressions, clicks } = data.totals;
  if (impressions + clicks === 0) {
    return `No impression or click of this ad in the last ${rangeText(minutes)}. Is the id right, capitals too?`;
  }
  const asOf = data.asOf === null ? NO_FIGURE : formatClock(Date.parse(data.asOf), timeZone.value);
  return `By minute of event time, as of ${asOf}; the last minute is still filling.`;
}

/** Campaign and advertiser, as the latest minute has them. */
function Belonging({ data }: { data: AdMinutesAnswer | null }): VNode {
  const latest = data?.rows.at(-1);
  return html`<p class="view-note">
    ${latest !== undefined && html`<span class="id">${latest.campaignId}</span> · <span class="id">${latest.advertiserId}</span>`}
  </p>`;
}

function AdTotals({ data }: { data: AdMinutesAnswer | null }): VNode {
  const totals = data?.totals ?? null;
  const figures = [
    ['Impressions', totals === null ? NO_FIGURE : formatCount(totals.impressions)],
    ['Clicks', totals === null ? NO_FIGURE : formatCount(totals.clicks)],
    ['CTR', totals === null ? NO_FIGURE : formatCtr(totals.clicks, totals.impressions)],
    ['Cost', data === null ? NO_FIGURE : costText(data)],
  ] as const;
  return html`<${Totals} figures=${figures} />`;
}

/** Money of two currencies is never added up. */
function costText({ totals }: AdMinutesAnswer): string {
  const costs = Object.entries(totals.costMicros);
  if (costs.length === 0) return NO_FIGURE;
  return costs.map(([currency, micros]) => formatMoney(micros, currency, { exact: true })).join(' + ');
}

function RangeSwitch({ adId, minutes }: { adId: string; minutes: number }): VNode {
  return html`<nav class="segments" aria-label="Range">
    ${AD_RANGES.map(
      (range) =>
        html`<a
          key=${range}
          href=${adHref(adId, range)}
          aria-current=${range === minutes ? 'true' : undefined}
        >
          ${rangeText(range)}
        </a>`,
    )}
  </nav>`;
}

function rangeText(minutes: number): string {
  return minutes > 60 ? `${minutes / 60} h` : `${minutes} min`;
}
