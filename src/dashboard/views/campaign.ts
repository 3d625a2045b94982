import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { BudgetChart } from '../components/budget-chart.ts';
import { Totals } from '../components/totals.ts';
import { NO_FIGURE, formatMoney, formatPacing } from '../format.ts';
import { usePolling } from '../polling.ts';
import type { BudgetAnswer, DaySpendAnswer } from '../region-api.ts';
import { routeHref } from '../router.ts';
import { isStale } from '../store.ts';

const REFRESH_MS = 1500;

/** One campaign's budget over its day. */
export function CampaignView({ campaignId }: { campaignId: string }): VNode {
  const makePath = (): string => `/v1/campaigns/${encodeURIComponent(campaignId)}/spend`;
  const { data, error } = usePolling<DaySpendAnswer>(campaignId, makePath, REFRESH_MS);
  return html`
    <div class="view-head">
      <div class="view-title">
        <p class="view-kind"><a href=${routeHref({ view: 'campaigns' })}>Campaigns</a></p>
        <h1 class="id">${campaignId}</h1>
        <p class="view-note">${data === null ? ' ' : describeDay(data.budget)}</p>
      </div>
    </div>
    <div data-stale=${error !== null || isStale.value}>
      <${Figures} budget=${data?.budget ?? null} />
      <p class=${error === null ? 'view-note' : 'problem'} role=${error === null ? undefined : 'alert'}>
        ${error === null ? describeChart(data) : `${error} Trying again.`}
      </p>
      ${data !== null && html`<${BudgetChart} spend=${data} />`}
    </div>
  `;
}

function describeDay({ day, state, merchantId, placement }: BudgetAnswer): VNode {
  const where = [merchantId, placement].filter((each) => each !== null).map((each) => ` · ${each}`);
  return html`<b class="budget-state" data-state=${state}>${state}</b> · ${day}${where}`;
}

function describeChart(data: DaySpendAnswer | null): string {
  return data === null ? 'Loading…' : 'Spent so far today, against a spend that keeps step with the day.';
}

function Figures({ budget }: { budget: BudgetAnswer | null }): VNode {
  const money = (pick: (budget: BudgetAnswer) => number): string =>
    budget === null ? NO_FIGURE : formatMoney(pick(budget), budget.currency);
  const figures = [
    ['Spent', money(({ spentMicros }) => spentMicros)],
    ['Daily budget', money(({ dailyBudgetMicros }) => dailyBudgetMicros)],
    ['Remaining', money(({ remainingMicros }) => remainingMicros)],
    ['Forecast', money(({ forecastMicros }) => forecastMicros)],
    ['Pacing', formatPacing(budget?.pacingIndex ?? null)],
  ] as const;
  return html`<${Totals} figures=${figures} layout="five" />`;
}
