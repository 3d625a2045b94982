import type { DaySpendAnswer } from '../region-api.ts';

const MINUTE_S = 60;

/** A day of a budget as columns: times, Unix s; what was spent up to then; what the pacing line says. Micros; null where there is none. */
export type BudgetColumns = [times: number[], spent: (number | null)[], line: (number | null)[]];

/** A spend of a minute is reached at its end; the spend goes on level until `asOf`, the line until the day ends. */
export function budgetColumns({ budget, runFrom, runTo, minutes }: DaySpendAnswer): BudgetColumns {
  const dayStart = Date.parse(budget.dayStart) / 1000;
  const dayEnd = Date.parse(budget.dayEnd) / 1000;
  const [from, to, asOf] = [runFrom / 1000, runTo / 1000, Date.parse(budget.asOf) / 1000];
  const spentAt = new Map<number, number>();
  let sum = 0;
  for (const { minute, spentMicros } of minutes) {
    sum += spentMicros;
    spentAt.set(Math.min(minute / 1000 + MINUTE_S, Math.max(asOf, minute / 1000)), sum);
  }
  const marks = [dayStart, from, to, asOf, dayEnd, ...spentAt.keys()];
  const times = [...new Set(marks)]
    .filter((time) => time >= dayStart && time <= dayEnd)
    .toSorted((a, b) => a - b);
  let reached = 0;
  const spent = times.map((time) => {
    reached = spentAt.get(time) ?? reached;
    return time <= asOf ? reached : null;
  });
  const line = times.map((time) =>
    time < from || time > to ? null : budget.dailyBudgetMicros * ((time - from) / (to - from)),
  );
  return [times, spent, line];
}
