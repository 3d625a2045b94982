import type { BudgetState } from '../../budget/pacing.ts';
import type { CommandDefinition } from '../command.ts';
import { addRegionOptions, findRegion } from '../region-address.ts';
import { formatMicros, renderTable } from '../table.ts';

interface BudgetPage {
  readonly budgets: readonly ServedBudget[];
  readonly next: string | null;
}

interface ServedBudget {
  readonly campaignId: string;
  readonly merchantId: string | null;
  readonly placement: string | null;
  readonly currency: string;
  readonly day: string;
  readonly dailyBudgetMicros: number;
  readonly spentMicros: number | bigint;
  readonly remainingMicros: number | bigint;
  readonly forecastMicros: number | bigint;
  readonly pacingIndex: number | null;
  readonly state: BudgetState;
}

export const campaignsCommand: CommandDefinition = {
  usage: 'campaigns',
  about: 'List the campaigns and how their budgets stand today',
  more: 'A campaign is set with PUT /v1/campaigns/ID. Pacing 1 is on the line; the day is that of the campaign’s time zone.',
  configure: (command) => {
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const { client } = await findRegion(command);
    const budgets: ServedBudget[] = [];
    let after: string | null = null;
    do {
      const page: BudgetPage = await client.get('/v1/budgets', { limit: 1000, after: after ?? undefined });
      budgets.push(...page.budgets);
      after = page.next;
    } while (after !== null);
    const none = 'There are no campaigns; set one with PUT /v1/campaigns/ID.';
    terminal.result({ campaigns: budgets }, budgets.length === 0 ? none : describeBudgets(budgets));
    return 0;
  },
};

function describeBudgets(budgets: readonly ServedBudget[]): string {
  return renderTable(
    [
      'campaign',
      'merchant',
      'placement',
      'day',
      'state',
      'budget',
      'spent',
      'left',
      'forecast',
      'currency',
      'pacing',
    ],
    budgets.map((budget) => [
      budget.campaignId,
      budget.merchantId ?? '–',
      budget.placement ?? '–',
      budget.day,
      budget.state,
      formatMicros(budget.dailyBudgetMicros),
      formatMicros(budget.spentMicros),
      formatMicros(budget.remainingMicros),
      formatMicros(budget.forecastMicros),
      budget.currency,
      budget.pacingIndex === null ? '–' : budget.pacingIndex.toFixed(2),
    ]),
  );
}
