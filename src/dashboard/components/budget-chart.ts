import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import { budgetColumns } from '../series/budget-line.ts';
import { formatMinute, formatMoney } from '../format.ts';
import type { DaySpendAnswer } from '../region-api.ts';
import { timeZone } from '../store.ts';
import { Chart, type ChartOptions, type ChartTheme } from './chart.ts';

const HEIGHT_PX = 260;

/** What a campaign has spent over its day, as steps, and the line of a spend that keeps step with the day. */
export function BudgetChart({ spend }: { spend: DaySpendAnswer }): VNode {
  const { campaignId, currency } = spend.budget;
  const zone = timeZone.value;
  const data = useMemo(() => budgetColumns(spend), [spend]);
  return html`<figure class="minute-chart">
    <figcaption class="readout">
      <span class="key key-impressions">spent</span>
      <span class="key key-clicks">pacing line</span>
    </figcaption>
    <${Chart}
      label=${`Spend of campaign ${campaignId} over the day, against its pacing line`}
      heightPx=${HEIGHT_PX}
      data=${data}
      makeOptions=${(theme: ChartTheme) => budgetOptions(theme, zone, currency)}
      optionsKey=${`${zone} ${currency}`}
    />
  </figure>`;
}

function budgetOptions(theme: ChartTheme, zone: string, currency: string): ChartOptions {
  const axis = { font: theme.font, stroke: theme.muted, ticks: { show: false } };
  const time: uPlot.Axis = {
    ...axis,
    size: 26,
    grid: { show: false },
    space: 64,
    values: (_plot, splits) => splits.map((at) => formatMinute(at * 1000, zone)),
  };
  const money: uPlot.Axis = {
    ...axis,
    size: 88,
    gap: 8,
    space: 32,
    grid: { stroke: theme.line, width: 1 },
    values: (_plot, splits) => splits.map((micros) => formatMoney(Math.round(micros), currency)),
  };
  const steps = uPlot.paths.stepped!({ align: 1 });
  return {
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 22, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.08)] } },
    axes: [time, money],
    series: [
      {},
      {
        stroke: theme.impressions,
        fill: theme.impressionsSoft,
        width: 1.5,
        paths: steps,
        points: { show: false },
      },
      { stroke: theme.clicks, width: 1.5, dash: [4, 4], points: { show: false } },
    ],
  };
}
