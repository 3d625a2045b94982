import type { BudgetAnswer, BudgetsAnswer, DaySpendAnswer } from '../../src/dashboard/region-api.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** A budget that is three quarters spent, on the UTC day of `now`. */
export function mockBudget(now: number, over: Partial<BudgetAnswer> = {}): BudgetAnswer {
  const dayStart = now - (now % DAY_MS);
  return {
    campaignId: 'spring',
    merchantId: 'shop-7',
    placement: 'search',
    currency: 'EUR',
    day: new Date(dayStart).toISOString().slice(0, 10),
    dayStart: new Date(dayStart).toISOString(),
    dayEnd: new Date(dayStart + DAY_MS).toISOString(),
    asOf: new Date(now).toISOString(),
    dailyBudgetMicros: 200_000_000,
    spentMicros: 150_000_000,
    remainingMicros: 50_000_000,
    forecastMicros: 240_000_000,
    pacingIndex: 1.204,
    state: 'active',
    ...over,
  };
}

export function mockBudgets(now: number): BudgetsAnswer {
  const exhausted = {
    campaignId: 'summer',
    state: 'exhausted',
    remainingMicros: 0,
    pacingIndex: null,
  } as const;
  return { budgets: [mockBudget(now), mockBudget(now, exhausted)], next: null };
}

/** Spend in three minutes that sums to the budget's. */
export function mockDaySpend(now: number): DaySpendAnswer {
  const budget = mockBudget(now);
  const start = Date.parse(budget.dayStart);
  const minutes = [0, 1, 2].map((n) => ({
    minute: Math.floor((start + ((now - start) * n) / 3) / 60_000) * 60_000,
    spentMicros: 50_000_000,
  }));
  return { budget, runFrom: start, runTo: start + 24 * HOUR_MS, minutes };
}
