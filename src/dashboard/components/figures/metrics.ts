import type { FigureName, Figures } from '../../answers/figures-answer.ts';
import {
  NO_FIGURE,
  formatCount,
  formatMoney,
  formatPacing,
  formatPercent,
  formatShortCount,
  formatShortMoney,
} from '../../format.ts';

/** One of the figures, and how it is written and drawn. */
export interface Metric {
  readonly name: FigureName;
  readonly label: string;
  /** Sums are bars; ratios are a line, for a ratio of nothing is no zero. */
  readonly drawing: 'bars' | 'line';
  readonly text: (figures: Figures, currency: string) => string;
  readonly axisText: (value: number, currency: string) => string;
  /** The least that the axis reaches to. */
  readonly axisMost: number;
}

const MICROS = 1_000_000;

const count = (name: 'impressions' | 'clicks' | 'orders', label: string): Metric => ({
  name,
  label,
  drawing: 'bars',
  text: (figures) => formatCount(figures[name]),
  axisText: (value) => formatShortCount(value),
  axisMost: 4,
});

const money = (name: 'costMicros' | 'revenueMicros', label: string): Metric => ({
  name,
  label,
  drawing: 'bars',
  text: (figures, currency) => formatMoney(figures[name], currency),
  axisText: (value, currency) => formatShortMoney(value, currency),
  axisMost: MICROS,
});

export const METRICS: readonly Metric[] = [
  count('impressions', 'Impressions'),
  count('clicks', 'Clicks'),
  {
    name: 'ctr',
    label: 'CTR',
    drawing: 'line',
    text: ({ ctr }) => formatPercent(ctr),
    axisText: (value) => `${Number((value * 100).toPrecision(3))}%`,
    axisMost: 0.0001,
  },
  money('costMicros', 'Cost'),
  count('orders', 'Orders'),
  money('revenueMicros', 'Revenue'),
  {
    name: 'roas',
    label: 'ROAS',
    drawing: 'line',
    text: ({ roas }) => formatPacing(roas),
    axisText: (value) => String(Number(value.toPrecision(3))),
    axisMost: 1,
  },
];

/** The figure of a row as text; of a bucket with nothing in it a sum is 0, a ratio is none. */
export function metricText(metric: Metric, figures: Figures | undefined, currency: string): string {
  if (figures !== undefined) return metric.text(figures, currency);
  return metric.drawing === 'bars' ? metric.text(NOTHING, currency) : NO_FIGURE;
}

const NOTHING: Figures = {
  impressions: 0,
  clicks: 0,
  ctr: null,
  costMicros: 0,
  orders: 0,
  revenueMicros: 0,
  roas: null,
};
