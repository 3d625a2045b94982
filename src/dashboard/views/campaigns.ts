import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatMoney, formatPacing } from '../format.ts';
import { usePolling } from '../polling.ts';
import type { BudgetAnswer, BudgetsAnswer } from '../region-api.ts';
import { campaignHref } from '../router.ts';

const LISTED_MOST = 100;
const REFRESH_MS = 1500;

/** Campaigns and how their budgets stand today. */
export function CampaignsView(): VNode {
  const { data, error } = usePolling<BudgetsAnswer>('budgets', budgetsPath, REFRESH_MS);
  const isEmpty = data !== null && data.budgets.length === 0;
  return html`
    <div class="view-head">
      <h1>Campaigns</h1>
      <p class="view-note">${data === null || isEmpty ? ' ' : 'Each on its own day, in its time zone'}</p>
    </div>
    ${error !== null && html`<p class="problem" role="alert">${error} Trying again.</p>`}
    ${data === null && error === null ? html`<p class="empty">Loading…</p>` : null}
    ${isEmpty ? html`<p class="empty">No campaign has been set: <code>PUT /v1/campaigns/ID</code> sets one.</p>` : null}
    ${data !== null && !isEmpty ? html`<${BudgetTable} budgets=${data.budgets} />` : null}
    ${data?.next ? html`<p class="view-note">The first ${LISTED_MOST}; all are in <code>adtally campaigns</code>.</p>` : null}
  `;
}

function budgetsPath(): string {
  return `/v1/budgets?limit=${LISTED_MOST}`;
}

function BudgetTable({ budgets }: { budgets: readonly BudgetAnswer[] }): VNode {
  return html`<div class="table-scroll">
    <table class="ads">
      <caption class="sr-only">
        Budgets of campaigns, today
      </caption>
      <thead>
        <tr>
          <th scope="col">Campaign</th>
          <th scope="col">State</th>
          <th scope="col" class="number">Spent</th>
          <th scope="col" class="number">Daily budget</th>
          <th scope="col" class="number wide">Forecast</th>
          <th scope="col" class="number wide">Pacing</th>
        </tr>
      </thead>
      <tbody>
        ${budgets.map((budget) => html`<${BudgetRow} key=${budget.campaignId} budget=${budget} />`)}
      </tbody>
    </table>
  </div>`;
}

function BudgetRow({ budget }: { budget: BudgetAnswer }): VNode {
  const { campaignId, currency, state, spentMicros, dailyBudgetMicros, forecastMicros, pacingIndex } = budget;
  return html`<tr>
    <th scope="row" class="id"><a href=${campaignHref(campaignId)} title=${campaignId}>${campaignId}</a></th>
    <td>${state}</td>
    <td class="number">${formatMoney(spentMicros, currency)}</td>
    <td class="number">${formatMoney(dailyBudgetMicros, currency)}</td>
    <td class="number wide">${formatMoney(forecastMicros, currency)}</td>
    <td class="number wide">${formatPacing(pacingIndex)}</td>
  </tr>`;
}
