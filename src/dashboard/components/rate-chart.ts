import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type uPlot from 'uplot';
import { formatRate } from '../format.ts';
import { RATE_HISTORY_MS, type RateSample, latest, rates } from '../store.ts';
import { Chart, type ChartOptions, type ChartTheme } from './chart.ts';

const HEIGHT_PX = 132;
/** Seconds from now that get a label. */
const LABELLED = [-120, -90, -60, -30, 0];

/** Events per second over the last two minutes; now is at the right edge. */
export function RateChart(): VNode {
  const now = latest.value?.at ?? 0;
  return html`<${Chart}
    label=${`Events per second over the last two minutes. Now ${formatRate(latest.value?.eventsPerSecond ?? 0)}.`}
    heightPx=${HEIGHT_PX}
    data=${toSecondsAgo(rates.value, now)}
    makeOptions=${makeOptions}
    optionsKey=""
  />`;
}

function toSecondsAgo(samples: readonly RateSample[], now: number): uPlot.AlignedData {
  return [samples.map(({ at }) => (at - now) / 1000), samples.map(({ eventsPerSecond }) => eventsPerSecond)];
}

function makeOptions(theme: ChartTheme): ChartOptions {
  const axis = { font: theme.font, stroke: theme.muted, ticks: { show: false } };
  return {
    legend: { show: false },
    cursor: { show: false },
    padding: [10, 16, 0, 0],
    scales: {
      x: { time: false, range: [-RATE_HISTORY_MS / 1000, 0] },
      y: { range: (_plot, _min, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 6,
        grid: { show: false },
        splits: LABELLED,
        values: (_plot, splits) => splits.map((at) => (at === 0 ? 'now' : `−${-at} s`)),
      },
      {
        ...axis,
        size: 52,
        gap: 8,
        space: 28,
        grid: { stroke: theme.line, width: 1 },
        values: (_plot, splits) => splits.map((rate) => formatRate(rate)),
      },
    ],
    series: [
      {},
      {
        stroke: theme.impressions,
        fill: theme.impressionsSoft,
        width: 1.5,
        spanGaps: false,
        points: { show: false },
      },
    ],
  };
}
