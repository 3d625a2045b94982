import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assert } from '../../../src/base/assert.ts';
import { DAY_MS } from '../../../src/base/units.ts';
import { MarkBits } from '../../../src/embedded/peer/marks.ts';
import { Attribution, type Touches } from '../../../src/embedded/state/attribution.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import { ORDER_STATUSES, type Order } from '../../../src/model/order.ts';
import type { Touch } from '../../../src/model/touch.ts';
import { AttributionOracle } from '../../../src/oracle/attribution-oracle.ts';
import type { OrderRules } from '../../../src/pipeline/order-rules.ts';
import {
  amount,
  clickOf,
  NOON,
  orderOf,
  RULES,
  someOrder,
  someTouch,
  tightRules,
} from '../../pipeline/attribution-world.ts';

const ORDER_RULES: OrderRules = {
  ...RULES,
  maxEventAgeMs: DAY_MS,
  orderRetentionMs: 30 * DAY_MS,
  enrichmentDeadlineMs: 0,
};

/** All touches ever, and who waits for more. */
class PlainTouches implements Touches {
  readonly #byUser = new Map<string, Touch[]>();
  readonly #watched = new Map<string, number>();

  add(userId: string, touch: Touch): boolean {
    const touches = this.#byUser.get(userId) ?? [];
    this.#byUser.set(userId, touches);
    touches.push(touch);
    return (this.#watched.get(userId) ?? 0) > 0;
  }

  touchesOf(userId: string, from: number, to: number): readonly Touch[] {
    return (this.#byUser.get(userId) ?? []).filter(({ eventTime }) => eventTime >= from && eventTime <= to);
  }

  watch(userId: string): void {
    this.#watched.set(userId, (this.#watched.get(userId) ?? 0) + 1);
  }

  unwatch(userId: string): void {
    const watchers = this.#watched.get(userId)! - 1;
    assert(watchers >= 0, 'who is let go was watched');
    this.#watched.set(userId, watchers);
  }

  get watched(): number {
    return [...this.#watched.values()].reduce((sum, watchers) => sum + watchers, 0);
  }
}

class Subject {
  readonly touches = new PlainTouches();
  readonly rules: OrderRules;
  attribution: Attribution;

  constructor(rules: OrderRules = ORDER_RULES) {
    this.rules = rules;
    this.attribution = new Attribution('a', this.touches, rules);
  }

  /** Returns the verdict. */
  send(order: Partial<Order>, arrival: number): string {
    this.attribution.passTime(arrival);
    const body = Buffer.from(JSON.stringify(order));
    const steps = this.attribution.applyOrders({ body, format: 'json', arrival }, 1, new MarkBits());
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    const { received, verdicts } = step.value;
    assert(received === 1, 'one order is one order');
    return Object.entries(verdicts).find(([, count]) => count === 1)![0];
  }

  touch(userId: string, touch: Touch, arrival: number): void {
    this.attribution.passTime(arrival);
    if (this.touches.add(userId, touch)) this.attribution.touched(userId);
  }

  /** What the feed gives from the beginning: the latest revision of each record. */
  records(after = 0): Map<string, AttributedOrder> {
    const records = [...this.attribution.changes.after(after)].map(({ content }) => content);
    const byId = new Map(records.map((record) => [record.recordId, record]));
    assert(byId.size === records.length, 'the feed gives each record once');
    return byId;
  }

  /** What the feed gives and how many orders wait, now and after a restart from a snapshot of now. */
  restarted(latestArrival: number): readonly [before: unknown, after: unknown] {
    const orders = JSON.parse(JSON.stringify(this.attribution.cut('full'))) as never;
    const next = new Attribution('a', new PlainTouches(), this.rules);
    Object.assign(next.scalars, structuredClone(this.attribution.scalars));
    next.load(orders);
    next.rebuild(latestArrival);
    const [before, after] = [this.attribution, next].map((attribution) => ({
      records: [...attribution.changes.after(0)],
      pending: attribution.pendingCount,
    }));
    return [before, after];
  }
}

type Step =
  | { readonly kind: 'order'; readonly order: Order; readonly delay: number }
  | { readonly kind: 'touch'; readonly userId: string; readonly touch: Touch; readonly delay: number };

const someStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('order' as const), order: someOrder, delay: fc.integer({ min: 0, max: 2 }) }),
  fc.record({
    kind: fc.constant('touch' as const),
    userId: fc.constantFrom('u-1', 'u-2'),
    touch: someTouch,
    delay: fc.integer({ min: 0, max: 2 }),
  }),
);

/** Touches have ids of their own: an event is counted once. */
function distinct(steps: readonly Step[]): Step[] {
  return steps.map((step, n) =>
    step.kind === 'order'
      ? step
      : { ...step, touch: { ...step.touch, eventId: `${step.touch.eventId}${n}` } },
  );
}

/** The records without what the oracle does not know, those that stand for something and those that do not any more. */
function split(
  records: ReadonlyMap<string, AttributedOrder>,
  wanted: ReadonlyMap<string, unknown>,
): { standing: object[]; gone: AttributedOrder[] } {
  const all = [...records.values()];
  return {
    standing: byRecordId(all.filter(({ recordId }) => wanted.has(recordId)).map(contentOf)),
    gone: all.filter(({ recordId }) => !wanted.has(recordId)),
  };
}

function contentOf(
  record: AttributedOrder,
): Omit<AttributedOrder, 'revision' | 'enrichment' | 'enrichmentStatus'> {
  const { revision: _revision, enrichment: _enrichment, enrichmentStatus: _status, ...content } = record;
  return content;
}

function byRecordId<R extends { readonly recordId: string }>(records: readonly R[]): R[] {
  return records.toSorted((a, b) => (a.recordId < b.recordId ? -1 : 1));
}

describe('attribution', () => {
  test('comes to what the naive oracle says, whatever comes when, restarts included', () => {
    const world = fc.record({ rules: tightRules, steps: fc.array(someStep, { maxLength: 40 }) });
    fc.assert(
      fc.property(world, ({ rules, steps }) => {
        // Nothing is over while this world lasts: every touch may still change every order.
        const subject = new Subject({ ...ORDER_RULES, ...rules });
        const oracle = new AttributionOracle('a', rules);
        let now = 100;
        const verdicts: string[] = [];
        const due: string[] = [];
        for (const step of distinct(steps)) {
          now += step.delay;
          if (step.kind === 'order') {
            verdicts.push(subject.send(step.order, now));
            due.push(oracle.takeOrder(Buffer.from(JSON.stringify(step.order)), now).verdict);
          } else {
            subject.touch(step.userId, step.touch, now);
            oracle.takeTouch({ userId: step.userId, ...step.touch });
          }
        }
        expect(verdicts).toEqual(due);
        const wanted = oracle.records();
        const { standing, gone } = split(subject.records(), wanted);
        expect(standing).toEqual(byRecordId([...wanted.values()]));
        expect(gone.filter(({ creditMicros }) => creditMicros !== 0)).toEqual([]);
        const [before, after] = subject.restarted(now);
        expect(after).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  test('ends in the same records for any order of arrival within the windows', () => {
    const world = fc
      .record({
        touches: fc.array(fc.tuple(fc.constantFrom('u-1', 'u-2'), someTouch), { maxLength: 12 }),
        orders: fc.uniqueArray(someOrder, { selector: ({ orderId }) => orderId, maxLength: 3 }),
      })
      .chain(({ touches, orders }) => {
        const facts: Step[] = distinct([
          ...touches.map(([userId, touch]): Step => ({ kind: 'touch', userId, touch, delay: 0 })),
          ...orders.map((order): Step => ({ kind: 'order', order, delay: 0 })),
        ]);
        return fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length }));
      });
    fc.assert(
      fc.property(tightRules, world, (rules, permutations) => {
        const [one, other] = permutations.map((facts) => {
          const subject = new Subject({
            ...ORDER_RULES,
            ...rules,
            maxOrderAgeMs: 1000,
            maxClockSkewMs: 1000,
          });
          for (const fact of facts) {
            if (fact.kind === 'order') subject.send(fact.order, 120);
            else subject.touch(fact.userId, fact.touch, 120);
          }
          const credited = [...subject.records().values()].filter(
            ({ outcome, creditMicros, rank }) => rank === 0 || creditMicros > 0 || outcome === 'unattributed',
          );
          return byRecordId(credited.map(contentOf));
        });
        expect(one).toEqual(other);
      }),
    );
  });

  test('credits sum to the amount through every change, and revisions only grow', () => {
    const changes = fc.array(fc.tuple(amount, fc.constantFrom(...ORDER_STATUSES)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(changes, (versions) => {
        const subject = new Subject();
        for (let n = 0; n < 5; n++)
          subject.touch('u-1', clickOf(`c${n}`, { eventTime: NOON - 1000 * (n + 1) }), NOON);
        const revisions = new Map<string, number>();
        for (const [n, [amountMicros, orderStatus]] of versions.entries()) {
          subject.send(orderOf({ orderVersion: n + 1, amountMicros, orderStatus }), NOON + n);
          const records = [...subject.records().values()];
          for (const model of RULES.models) {
            const credits = records
              .filter((record) => record.model === model)
              .map(({ creditMicros }) => BigInt(creditMicros));
            const worth = orderStatus === 'cancelled' ? 0 : amountMicros;
            expect(credits.reduce((sum, credit) => sum + credit, 0n)).toBe(BigInt(worth));
          }
          for (const { recordId, revision } of records) {
            expect(revision).toBeGreaterThanOrEqual(revisions.get(recordId) ?? 1);
            revisions.set(recordId, revision);
          }
        }
      }),
    );
  });

  test('a late touch withdraws the credit of the one before, in a new revision; after two days nothing changes', () => {
    const subject = new Subject({ ...ORDER_RULES, models: ['last_touch'] });
    subject.touch('u-1', clickOf('early', { eventTime: NOON - 60_000 }), NOON);
    subject.send(orderOf(), NOON);
    subject.touch('u-1', clickOf('later', { eventTime: NOON - 30_000 }), NOON + DAY_MS);
    const [record] = subject.records().values();
    expect(record).toMatchObject({ touchEventId: 'later', revision: 2 });
    subject.touch('u-1', clickOf('too-late', { eventTime: NOON - 10_000 }), NOON + 2 * DAY_MS + 1);
    expect([...subject.records().values()]).toEqual([record]);
    subject.attribution.passTime(NOON + 3 * DAY_MS);
    expect(subject.touches.watched).toBe(0);
    // A refund still finds the touch that the order was attributed to.
    subject.send(orderOf({ orderVersion: 2, orderStatus: 'refunded', amountMicros: 1 }), NOON + 20 * DAY_MS);
    expect([...subject.records().values()]).toMatchObject([
      { touchEventId: 'later', creditMicros: 1, revision: 3 },
    ]);
  });

  test('an order without a touch keeps its reason when the touches are gone', () => {
    const subject = new Subject({ ...ORDER_RULES, models: ['last_touch'] });
    subject.touch('u-1', clickOf('elsewhere', { merchantId: 'm-2' }), NOON);
    subject.send(orderOf(), NOON);
    subject.send(orderOf({ orderVersion: 2, amountMicros: 7 }), NOON + 10 * DAY_MS);
    expect([...subject.records().values()]).toMatchObject([
      { reason: 'other_merchant', amountMicros: 7, revision: 2 },
    ]);
  });

  test('an order keeps the models it was decided by, and is open again where windows grow', () => {
    const subject = new Subject({ ...ORDER_RULES, models: ['linear'] });
    subject.touch('u-1', clickOf('one', { eventTime: NOON - 60_000 }), NOON);
    subject.send(orderOf(), NOON);
    subject.attribution.passTime(NOON + 3 * DAY_MS);
    expect(subject.touches.watched).toBe(0);
    subject.attribution.setRules({ ...ORDER_RULES, models: ['last_touch'], maxEventAgeMs: 5 * DAY_MS }, true);
    subject.attribution.reopen();
    subject.touch('u-1', clickOf('two', { eventTime: NOON - 30_000 }), NOON + 3 * DAY_MS);
    subject.send(orderOf({ orderVersion: 2, orderStatus: 'cancelled' }), NOON + 3 * DAY_MS);
    const records = [...subject.records().values()];
    expect(
      records.map(({ model, touchEventId, creditMicros }) => [model, touchEventId, creditMicros]),
    ).toEqual(
      expect.arrayContaining([
        ['linear', 'two', 0],
        ['linear', 'one', 0],
        ['last_touch', 'two', 0],
      ]),
    );
    expect(records).toHaveLength(3);
  });

  test('orders are dropped after their retention, and the feed says so', () => {
    const subject = new Subject();
    subject.send(orderOf(), NOON);
    subject.attribution.passTime(NOON + 30 * DAY_MS + 3_600_000);
    expect(subject.attribution.count).toBe(0);
    expect(subject.records().size).toBe(0);
    expect(subject.attribution.droppedChanges.lastSince(0)).toBe(4);
    expect(subject.send(orderOf(), NOON + 30 * DAY_MS + 3_600_000)).toBe('late');
  });

  test('the order service is waited for, its answer is a new revision, and an outdated one says nothing', () => {
    const subject = new Subject({ ...ORDER_RULES, models: ['last_touch'], enrichmentDeadlineMs: 1000 });
    const one = (): AttributedOrder => [...subject.records().values()][0];
    subject.send(orderOf(), NOON);
    expect(one()).toMatchObject({ enrichmentStatus: 'pending', enrichment: null, revision: 1 });
    const answer = { orderId: 'o-1', orderVersion: 1, status: 'ok', enrichment: { items: 3 } } as const;
    subject.attribution.applyEnrichment({ ...answer, status: 'unavailable', enrichment: null });
    expect(one()).toMatchObject({ enrichmentStatus: 'unavailable', revision: 2 });
    expect(subject.attribution.unavailable().toArray().length).toBe(1);
    subject.attribution.applyEnrichment(answer);
    expect(one()).toMatchObject({ enrichmentStatus: 'ok', enrichment: { items: 3 }, revision: 3 });
    subject.attribution.applyEnrichment({ ...answer, status: 'unavailable', enrichment: null });
    expect(one().revision).toBe(3);
    subject.send(orderOf({ orderVersion: 2 }), NOON + 1);
    expect(one()).toMatchObject({ enrichmentStatus: 'pending', enrichment: { items: 3 }, revision: 4 });
    subject.attribution.applyEnrichment(answer);
    expect(one().revision).toBe(4);
    expect(
      subject.attribution
        .pending()
        .map(({ order }) => order.orderId)
        .toArray(),
    ).toEqual(['o-1']);
  });
});
