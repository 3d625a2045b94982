import { expect, test } from 'vitest';
import { budgetColumns } from '../../../src/dashboard/series/budget-line.ts';
import { mockBudget } from '../mock-budgets.ts';

const START = Date.UTC(2026, 0, 31);
const HOUR_MS = 3_600_000;

test('spend goes up at the end of its minute and level until now; the line spans the run', () => {
  const now = START + 12 * HOUR_MS;
  const [times, spent, line] = budgetColumns({
    budget: mockBudget(now, { dailyBudgetMicros: 1200 }),
    runFrom: START + 6 * HOUR_MS,
    runTo: START + 18 * HOUR_MS,
    minutes: [
      { minute: START + 7 * HOUR_MS, spentMicros: 100 },
      { minute: START + 9 * HOUR_MS, spentMicros: 50 },
    ],
  });
  const hours = times.map((time) => (time - START / 1000) / 3600);
  expect(hours).toEqual([0, 6, 7 + 1 / 60, 9 + 1 / 60, 12, 18, 24]);
  expect(spent).toEqual([0, 0, 100, 150, 150, null, null]);
  expect(line[0]).toBeNull();
  expect([line[1], line[4], line[5], line[6]]).toEqual([0, 600, 1200, null]);
});

test('the minute under way is reached now, not in the future', () => {
  const now = START + 30_000;
  const [times, spent] = budgetColumns({
    budget: mockBudget(now),
    runFrom: START,
    runTo: START + 24 * HOUR_MS,
    minutes: [{ minute: START, spentMicros: 70 }],
  });
  expect(spent[times.indexOf(now / 1000)]).toBe(70);
});
