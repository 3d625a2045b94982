import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatCount, formatCtr, formatMinute } from '../format.ts';
import type { MinuteSlot } from '../series/minute-slots.ts';
import { timeZone } from '../store.ts';
import { Chart, type ChartOptions, type ChartTheme } from './chart.ts';

const HALF_MINUTE_S = 30;
const IMPRESSIONS_HEIGHT_PX = 220;
const CLICKS_HEIGHT_PX = 120;

interface Panel {
  readonly zone: string;
  readonly showsTime: boolean;
  readonly onHover: (index: number | null) => void;
}

/**
 * Impressions as bars above clicks as a line, on one axis of time: clicks are a hundredth of the impressions, and a second
 * scale in the same picture would let any two lines seem to belong together. `of` says whose they are: `ad ad-42`.
 */
export function MinuteChart({ of, slots }: { of: string; slots: readonly MinuteSlot[] }): VNode {
  const [hovered, setHovered] = useState<number | null>(null);
  const zone = timeZone.value;
  const data = useMemo(() => columns(slots), [slots]);
  const key = `${zone} ${slots.length}`;
  const panel = useMemo(() => ({ zone, onHover: setHovered }), [zone]);
  return html`<figure class="minute-chart">
    <figcaption class="readout">
      ${describeSlot(slots[hovered ?? slots.length - 1], zone, hovered === null)}
    </figcaption>
    <${Chart}
      label=${`Impressions of ${of} by minute, bars`}
      heightPx=${IMPRESSIONS_HEIGHT_PX}
      data=${data.impressions}
      makeOptions=${(theme: ChartTheme) => impressionsOptions(theme, { ...panel, showsTime: false })}
      optionsKey=${key}
    />
    <${Chart}
      label=${`Clicks of ${of} by minute, line`}
      heightPx=${CLICKS_HEIGHT_PX}
      data=${data.clicks}
      makeOptions=${(theme: ChartTheme) => clicksOptions(theme, { ...panel, showsTime: true })}
      optionsKey=${key}
    />
  </figure>`;
}

interface Columns {
  readonly impressions: uPlot.AlignedData;
  readonly clicks: uPlot.AlignedData;
}

/** The minute still filling is a series of its own, drawn so that nobody takes it for a fall. */
function columns(slots: readonly MinuteSlot[]): Columns {
  const last = slots.length - 1;
  const pick = (key: 'impressions' | 'clicks', shows: (index: number) => boolean): (number | null)[] =>
    slots.map((slot, index) => (shows(index) ? slot[key] : null));
  const middles = slots.map(({ start }) => start / 1000 + HALF_MINUTE_S);
  const isFull = (index: number): boolean => index < last;
  return {
    impressions: [middles, pick('impressions', isFull), pick('impressions', (index) => index === last)],
    clicks: [middles, pick('clicks', isFull), pick('clicks', (index) => index >= last - 1)],
  };
}

function describeSlot(slot: MinuteSlot | undefined, zone: string, isLast: boolean): VNode | string {
  if (slot === undefined) return ' ';
  const { start, impressions, clicks } = slot;
  return html`<span class="readout-time">${formatMinute(start, zone)}${isLast ? ' (filling)' : ''}</span>
    <span class="key key-impressions">impressions <b>${formatCount(impressions)}</b></span>
    <span class="key key-clicks">clicks <b>${formatCount(clicks)}</b></span>
    <span>CTR <b>${formatCtr(clicks, impressions)}</b></span>`;
}

function impressionsOptions(theme: ChartTheme, panel: Panel): ChartOptions {
  const bars = { paths: uPlot.paths.bars!({ size: [0.72, 28] }), width: 0, points: { show: false } };
  return panelOptions(theme, panel, [
    { ...bars, fill: theme.impressions },
    { ...bars, fill: theme.impressionsSoft, stroke: theme.impressions, width: 1 },
  ]);
}

function clicksOptions(theme: ChartTheme, panel: Panel): ChartOptions {
  const line = { stroke: theme.clicks, width: 1.5, points: { show: false } };
  return panelOptions(theme, panel, [line, { ...line, dash: [3, 3] }]);
}

function panelOptions(
  theme: ChartTheme,
  { zone, showsTime, onHover }: Panel,
  series: uPlot.Series[],
): ChartOptions {
  const axis = { font: theme.font, stroke: theme.muted, ticks: { show: false } };
  const time: uPlot.Axis = {
    ...axis,
    size: showsTime ? 26 : 8,
    grid: { show: false },
    space: 64,
    values: (_plot, splits) => splits.map((at) => (showsTime ? formatMinute(at * 1000, zone) : '')),
  };
  const count: uPlot.Axis = {
    ...axis,
    size: 52,
    gap: 8,
    space: 26,
    incrs: [
      1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8, 1e9,
    ],
    grid: { stroke: theme.line, width: 1 },
    values: (_plot, splits) => splits.map((value) => formatCount(value)),
  };
  return {
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: 'ad-minutes' } },
    padding: [8, 22, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    scales: {
      x: { range: (_plot, first, last) => [first - HALF_MINUTE_S, last + HALF_MINUTE_S] },
      y: { range: (_plot, _least, most) => [0, Math.max(4, (most ?? 0) * 1.08)] },
    },
    axes: [time, count],
    series: [{}, ...series],
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
  };
}
