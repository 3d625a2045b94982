import { orderRulesOf, touchRetentionMs } from '../../pipeline/order-rules.ts';
import { budgetLedger } from '../budget/budget-ledger.ts';
import { balancedBooks } from '../checkers/balanced-books.ts';
import type { Checker } from '../checkers/checker.ts';
import { durableRequests } from '../checkers/durable-requests.ts';
import { exactFigures } from '../checkers/exact-figures.ts';
import { honestReceipts } from '../checkers/honest-receipts.ts';
import { idleRestart } from '../checkers/idle-restart.ts';
import { lastingRevisions } from '../checkers/lasting-figures.ts';
import { logAlone } from '../checkers/log-alone.ts';
import { trueOrders } from '../checkers/true-orders.ts';
import { trueQuarantine } from '../checkers/true-quarantine.ts';
import { trueTouches } from '../checkers/true-touches.ts';
import { SeededRandom } from '../seeded-random.ts';
import { planPair, type PairPlan } from './pair-plan.ts';
import { PairWorld, type PairReport } from './pair-world.ts';

/** Runs the world of two regions of a seed. `change` alters the plan that the seed gives. */
export async function simulatePair(
  seed: string,
  change: (plan: PairPlan) => Partial<PairPlan> = () => ({}),
): Promise<PairReport> {
  const random = new SeededRandom(seed).fork('pair');
  const planned = planPair(random.fork('plan'));
  const plan = { ...planned, ...change(planned) };
  // One ledger follows both regions.
  const ledger = budgetLedger(random.fork('ledger'));
  const checkersOf = (): Checker[] => [
    ledger,
    lastingRevisions(),
    exactFigures(),
    durableRequests(),
    honestReceipts(plan.spec.limits.problemsPerRequest),
    balancedBooks(),
    trueOrders(),
    idleRestart(),
    logAlone(random.fork('log alone')),
    trueQuarantine(),
    // A touch may go for the other region's: only at rest it is known which ones stay.
    { ...trueTouches(touchRetentionMs(orderRulesOf(plan.spec))), observed: () => undefined },
  ];
  return new PairWorld(random, plan, [checkersOf(), checkersOf()]).run();
}
