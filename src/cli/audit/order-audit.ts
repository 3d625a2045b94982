import type { AttributedOrder } from '../../model/attributed-order.ts';
import { ORDER_VERDICTS } from '../../model/order-verdict.ts';
import { DIFFERENCES_MAX } from '../../reporting/audit.ts';
import { creditDifferences, orderDifferences, touchDifferences } from '../../reporting/order-audit.ts';
import type { LogRecount } from './log-recount.ts';
import type { ServedBooks } from './served-books.ts';
import { settle, type Doubt } from '../../base/settle.ts';

export interface OrderAudit {
  /** Versions of orders in the log. */
  readonly received: number;
  /** Records of orders, one per order, model and rank, that are alike. */
  readonly recordsEqual: number;
  readonly ordersEqual: number;
  /** Orders whose touches, versions or rules have partly left the log: only their sums were looked at. */
  readonly ordersNotRecounted: number;
  /** Orders and users that changed every time they were looked at: neither equal nor different. */
  readonly moving: number;
  /** Touches that are alike, of the users sampled. */
  readonly touchesEqual: number;
  readonly usersSampled: number;
  /** Whether the verdicts of orders were compared: not when the log has left its retention. */
  readonly verdictsCompared: boolean;
  /** How many differences there are. */
  readonly wrong: number;
  /** The first DIFFERENCES_MAX of them, in words. */
  readonly differences: readonly string[];
}

type Pause = (ms: number) => Promise<void>;

/** Holds the orders, credits and touches that a region serves against a recount of its log. */
export async function auditOrders(
  served: ServedBooks,
  recount: LogRecount,
  pause: Pause,
): Promise<OrderAudit> {
  const orders = new OrderComparison(served, recount);
  const ordersSettled = await settle(() => orders.look(), pause);
  const touches = new TouchComparison(served, recount);
  const touchesSettled = await settle(() => touches.look(), pause);
  const verdictsCompared = recount.completeFrom === 0;
  const verdicts = verdictsCompared ? await settle(() => lookAtVerdicts(served, recount), pause) : NOTHING;
  const settled = [ordersSettled, touchesSettled, verdicts];
  const differences = settled.flatMap((part) => part.differences);
  return {
    received: recount.orders.received,
    recordsEqual: orders.recordsEqual,
    ordersEqual: orders.equal.size,
    ordersNotRecounted: orders.notRecounted,
    moving: settled.reduce((sum, { moving }) => sum + moving, 0),
    touchesEqual: touches.equal,
    usersSampled: touches.users,
    verdictsCompared,
    wrong: differences.length,
    differences: differences.slice(0, DIFFERENCES_MAX),
  };
}

const NOTHING = { differences: [], moving: 0 };

class OrderComparison {
  readonly #books: ServedBooks;
  readonly #recount: LogRecount;
  /** The latest records of each order, by order and record id. */
  readonly #served = new Map<string, Map<string, AttributedOrder>>();
  /** Orders that both sides agreed on once. */
  readonly equal = new Set<string>();
  recordsEqual = 0;
  notRecounted = 0;

  constructor(books: ServedBooks, recount: LogRecount) {
    this.#books = books;
    this.#recount = recount;
  }

  async look(): Promise<ReadonlyMap<string, Doubt>> {
    for await (const record of this.#books.changedOrders()) {
      const records = this.#served.get(record.orderId) ?? new Map<string, AttributedOrder>();
      this.#served.set(record.orderId, records.set(record.recordId, record));
    }
    await this.#recount.readOn();
    const { completeFrom, orders } = this.#recount;
    const doubts = new Map<string, Doubt>();
    this.notRecounted = 0;
    for (const orderId of new Set([...this.#served.keys(), ...orders.orderIds()])) {
      if (this.equal.has(orderId)) continue;
      const served = [...(this.#served.get(orderId)?.values() ?? [])];
      // The region has let go of it since, or is about to.
      if (served.some(({ orderTime }) => orderTime < orders.droppedBefore)) continue;
      const differences = creditDifferences(served, orders.rules.models);
      const isWhole = this.#isWhole(orderId, served, completeFrom);
      const recounted = isWhole ? orders.recordsOf(orderId) : [];
      if (isWhole) differences.push(...orderDifferences(served, recounted));
      if (differences.length > 0) {
        const revisions = served.map(({ revision }) => revision).join();
        doubts.set(orderId, { stamp: `${revisions} ${differences.join('\n')}`, differences });
      } else if (isWhole) {
        this.equal.add(orderId);
        this.recordsEqual += served.length;
      } else this.notRecounted++;
    }
    return doubts;
  }

  /** With a whole log, an order that only one side has is wrong; else it may be from before the log. */
  #isWhole(orderId: string, served: readonly AttributedOrder[], completeFrom: number): boolean {
    const isKnown = this.#recount.orders.has(orderId);
    if (!isKnown) return completeFrom === 0 || served.every(({ orderTime }) => orderTime >= completeFrom);
    const isOld = served.some(({ orderTime }) => orderTime < completeFrom);
    return !isOld && this.#recount.orders.isWhole(orderId, completeFrom);
  }
}

class TouchComparison {
  readonly #books: ServedBooks;
  readonly #recount: LogRecount;
  readonly #agreed = new Set<string>();
  equal = 0;

  constructor(books: ServedBooks, recount: LogRecount) {
    this.#books = books;
    this.#recount = recount;
  }

  get users(): number {
    return this.#agreed.size;
  }

  async look(): Promise<ReadonlyMap<string, Doubt>> {
    const doubts = new Map<string, Doubt>();
    const { completeFrom, orders } = this.#recount;
    const from = Math.max(0, completeFrom, orders.touchesHeldFrom);
    for (const userId of orders.sampledUsers()) {
      if (this.#agreed.has(userId)) continue;
      const served = await this.#books.touches(userId, from);
      if (served === undefined) continue;
      await this.#recount.readOn();
      const recounted = orders.touchesOf(userId, from);
      const differences = touchDifferences(userId, served, recounted);
      if (differences.length === 0) {
        this.#agreed.add(userId);
        this.equal += served.length;
      } else doubts.set(userId, { stamp: differences.join('\n'), differences });
    }
    return doubts;
  }
}

/** Under traffic the recount lies somewhere between what the region says before and after it. */
async function lookAtVerdicts(served: ServedBooks, recount: LogRecount): Promise<ReadonlyMap<string, Doubt>> {
  const before = (await served.audit()).orders;
  await recount.readOn();
  const after = (await served.audit()).orders;
  const { received, verdicts } = recount.orders;
  const counts: [string, number, number, number][] = ORDER_VERDICTS.map((verdict) => [
    verdict,
    before.verdicts[verdict],
    verdicts[verdict],
    after.verdicts[verdict],
  ]);
  counts.push(['received', before.received, received, after.received]);
  const differences = counts
    .filter(([, least, recounted, most]) => recounted < least || recounted > most)
    .map(([what, , recounted, most]) => `Orders ${what}: ${most}, recounted ${recounted}`);
  if (differences.length === 0) return new Map();
  return new Map([['verdicts', { stamp: differences.join('\n'), differences }]]);
}
