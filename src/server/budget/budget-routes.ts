import type { BudgetContext, Route } from '../route.ts';
import {
  getBudget,
  getBudgetChanges,
  getBudgets,
  getCampaignLedger,
  getDaySpend,
} from '../routes/budget/budgets.ts';
import { getCampaign, getCampaigns, putCampaign } from '../routes/budget/campaigns.ts';
import { getHealthz, getReadyz } from '../routes/health.ts';
import { getMetrics } from '../routes/metrics.ts';
import { getOpenApi } from '../routes/openapi.ts';

/** What the budget service of a cluster serves: budgets as a region serves them. */
export const BUDGET_ROUTES: readonly Route<BudgetContext>[] = [
  putCampaign,
  getCampaigns,
  getCampaign,
  getBudgets,
  getBudget,
  getDaySpend,
  getCampaignLedger,
  getBudgetChanges,
  getHealthz,
  {
    ...getReadyz,
    operation: {
      ...getReadyz.operation!,
      summary: 'Whether the service answers',
      description:
        'For load balancers: 503 while it stops and while PostgreSQL does not answer. One that stands by is ready.',
      errors: ['stopping', 'cluster_unreachable'],
    },
  },
  getMetrics,
  getOpenApi,
];
