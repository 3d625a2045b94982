import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import { formatDay, formatMinute } from '../../format.ts';
import { figureColumns } from '../../series/figure-columns.ts';
import type { FigureSlot } from '../../series/figure-slots.ts';
import { Chart, type ChartOptions, type ChartTheme } from '../chart.ts';
import type { Metric } from './metrics.ts';

const HEIGHT_PX = 132;
const DAY_MS = 86_400_000;

interface FigureChartProps {
  readonly metric: Metric;
  readonly slots: readonly FigureSlot[];
  readonly currency: string;
  readonly zone: string;
  readonly onHover: (index: number | null) => void;
}

/** One figure over the buckets. What can still change is drawn hollow, or dashed. */
export function FigureChart({ metric, slots, currency, zone, onHover }: FigureChartProps): VNode {
  const data = useMemo(() => figureColumns(metric, slots), [metric, slots]);
  const span = `${slots[0]?.start} ${slots.at(-1)?.end}`;
  return html`<${Chart}
    label=${`${metric.label} over time, ${metric.drawing}; the same figures are in the table below`}
    heightPx=${HEIGHT_PX}
    data=${data}
    makeOptions=${(theme: ChartTheme) => optionsOf(theme, { metric, slots, currency, zone, onHover })}
    optionsKey=${`${zone} ${currency} ${span} ${slots.length}`}
  />`;
}

function optionsOf(theme: ChartTheme, props: FigureChartProps): ChartOptions {
  const { metric, slots, currency, zone, onHover } = props;
  const [first, last] = [(slots[0]?.start ?? 0) / 1000, (slots.at(-1)?.end ?? 1) / 1000];
  const axis = { font: theme.font, stroke: theme.muted, ticks: { show: false } };
  return {
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: 'figures' } },
    padding: [8, 14, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    scales: {
      x: { range: [first, last] },
      y: { range: (_plot, _least, most) => [0, topOf(metric, most)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        grid: { show: false },
        space: 60,
        ...(isDaily(slots) ? { splits: ({ width }: uPlot) => dayMarks(slots, width) } : {}),
        values: (_plot, splits) => splits.map((at) => tickText(at * 1000, zone, last - first)),
      },
      {
        ...axis,
        size: 54,
        gap: 6,
        space: 30,
        grid: { stroke: theme.line, width: 1 },
        ...(isCount(metric) ? { incrs: WHOLE_STEPS } : {}),
        values: (_plot, splits) => splits.map((value) => metric.axisText(value, currency)),
      },
    ],
    series: [{}, ...seriesOf(metric, theme)],
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
  };
}

function seriesOf({ drawing, name }: Metric, theme: ChartTheme): uPlot.Series[] {
  const colour = name === 'clicks' || name === 'ctr' ? theme.clicks : theme.impressions;
  const soft = colour === theme.clicks ? 'transparent' : theme.impressionsSoft;
  if (drawing === 'line') {
    const line = { stroke: colour, width: 1.5, points: { show: true, size: 4, fill: colour } };
    return [line, { ...line, dash: [4, 3], points: { show: true, size: 4, fill: 'transparent' } }];
  }
  const bars = { paths: uPlot.paths.bars!({ size: [0.72, 36] }), points: { show: false } };
  return [
    { ...bars, width: 0, fill: colour },
    { ...bars, width: 1, stroke: colour, fill: soft },
  ];
}

/** Nothing at all still has an axis, up to one of the currency. */
function topOf({ axisMost, name }: Metric, most: number | null): number {
  return most !== null && most > 0 ? Math.max(most * 1.08, isCount({ name }) ? axisMost : 0) : axisMost;
}

function isDaily(slots: readonly FigureSlot[]): boolean {
  return slots.length > 0 && slots[0].end - slots[0].start > DAY_MS / 2;
}

/** The middles of days, as many as there is room for, the last one always. */
function dayMarks(slots: readonly FigureSlot[], widthPx: number): number[] {
  const step = Math.ceil(slots.length / Math.max(1, Math.floor(widthPx / 64)));
  return slots
    .filter((_, index) => (slots.length - 1 - index) % step === 0)
    .map(({ start, end }) => (start + end) / 2000);
}

function tickText(at: number, zone: string, spanS: number): string {
  const isDays = spanS * 1000 > 2 * DAY_MS;
  return isDays ? formatDay(at, zone).replace(/^\w+, /, '') : formatMinute(at, zone);
}

function isCount({ name }: Pick<Metric, 'name'>): boolean {
  return name === 'impressions' || name === 'clicks' || name === 'orders';
}

const WHOLE_STEPS = [1, 2, 5]
  .flatMap((digit) => Array.from({ length: 16 }, (_, power) => digit * 10 ** power))
  .toSorted((a, b) => a - b);
