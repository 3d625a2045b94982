import { balancedBooks } from './checkers/balanced-books.ts';
import { changeFeed } from './checkers/change-feed.ts';
import { budgetLedger } from './budget/budget-ledger.ts';
import type { Checker } from './checkers/checker.ts';
import { durableRequests } from './checkers/durable-requests.ts';
import { exactFigures } from './checkers/exact-figures.ts';
import { flippedBits } from './checkers/flipped-bits.ts';
import { honestReceipts } from './checkers/honest-receipts.ts';
import { idleRestart } from './checkers/idle-restart.ts';
import { lastingFigures } from './checkers/lasting-figures.ts';
import { logAlone } from './checkers/log-alone.ts';
import { orderFeed } from './checkers/order-feed.ts';
import { trueOrders } from './checkers/true-orders.ts';
import { trueQuarantine } from './checkers/true-quarantine.ts';
import { trueTouches } from './checkers/true-touches.ts';
import { orderRulesOf, touchRetentionMs } from '../pipeline/order-rules.ts';
import { SeededRandom } from './seeded-random.ts';
import { World, type WorldReport } from './world.ts';
import { planWorld, type WorldPlan } from './world-plan.ts';

/** Every promise the region is held to. */
function allCheckers(random: SeededRandom, plan: WorldPlan): Checker[] {
  return [
    exactFigures(),
    durableRequests(),
    honestReceipts(plan.spec.limits.problemsPerRequest),
    balancedBooks(),
    lastingFigures(),
    changeFeed(random.fork('consumer')),
    budgetLedger(random.fork('budget')),
    trueOrders(),
    orderFeed(random.fork('consumer of orders'), plan.spec.retention.orders),
    idleRestart(),
    logAlone(random.fork('log alone')),
    trueQuarantine(),
    trueTouches(touchRetentionMs(orderRulesOf(plan.spec))),
    flippedBits(random.fork('flips'), plan.flips),
  ];
}

/** Runs the world of a seed; what fails says how to see it again. `change` alters the plan that the seed gives. */
export async function simulate(
  seed: string,
  change: (plan: WorldPlan) => Partial<WorldPlan> = () => ({}),
): Promise<WorldReport> {
  const random = new SeededRandom(seed);
  const planned = planWorld(random.fork('plan'));
  const plan = { ...planned, ...change(planned) };
  const world = new World(random, plan, allCheckers(random, plan));
  return world.run();
}
