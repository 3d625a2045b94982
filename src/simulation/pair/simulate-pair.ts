import { orderRulesOf, touchRetentionMs } from '../../pipeline/order-rules.ts';
import { balancedBooks } from '../checkers/balanced-books.ts';
import type { Checker } from '../checkers/checker.ts';
import { durableRequests } from '../checkers/durable-requests.ts';
import { exactFigures } from '../checkers/exact-figures.ts';
import { honestReceipts } from '../checkers/honest-receipts.ts';
import { idleRestart } from '../checkers/idle-restart.ts';
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
  const checkers = (): Checker[] => [
    exactFigures(),
    durableRequests(),
    honestReceipts(plan.spec.limits.problemsPerRequest),
    balancedBooks(),
    trueOrders(),
    idleRestart(),
    logAlone(random.fork('log alone')),
    trueQuarantine(),
    trueTouches(touchRetentionMs(orderRulesOf(plan.spec))),
  ];
  return new PairWorld(random, plan, checkers).run();
}
