import type { UnixMs } from '../../base/clock.ts';
import { minuteOf } from '../../model/event-time.ts';
import { noOrderVerdicts } from '../../model/order-receipt.ts';
import { ORDER_VERDICTS, type OrderVerdict } from '../../model/order-verdict.ts';
import type { OrderCounts, OrderMinute } from '../ports.ts';

/** All of it, as a snapshot holds it. */
export interface OrderArrivalsDump {
  readonly earlier: OrderCounts;
  readonly minutes: readonly OrderMinute[];
}

/** How many versions of orders arrived, and what became of them, per minute of arrival. */
export class OrderArrivals {
  readonly #minutes = new Map<UnixMs, OrderCounts>();
  #earlier = noCounts();

  /** Sums of the minutes no longer held. */
  get earlier(): OrderCounts {
    return copyOf(this.#earlier);
  }

  count(arrival: UnixMs, verdict: OrderVerdict): void {
    const minute = minuteOf(arrival);
    let counts = this.#minutes.get(minute);
    if (counts === undefined) {
      counts = noCounts();
      this.#minutes.set(minute, counts);
    }
    counts.received++;
    counts.verdicts[verdict]++;
  }

  /** Folds the minutes before `before` into `earlier`. */
  retire(before: UnixMs): void {
    for (const [minute, counts] of this.#minutes) {
      if (minute >= before) continue;
      add(this.#earlier, counts);
      this.#minutes.delete(minute);
    }
  }

  /** Minutes held, oldest first. */
  list(): OrderMinute[] {
    return [...this.#minutes]
      .toSorted(([a], [b]) => a - b)
      .map(([minute, counts]) => ({ minute, ...copyOf(counts) }));
  }

  dump(): OrderArrivalsDump {
    return { earlier: this.earlier, minutes: this.list() };
  }

  /** Takes over what dump() gave, in place of everything held. */
  load({ earlier, minutes }: OrderArrivalsDump): void {
    this.#earlier = copyOf(earlier);
    this.#minutes.clear();
    for (const { minute, ...counts } of minutes) this.#minutes.set(minute, copyOf(counts));
  }
}

function noCounts(): OrderCounts {
  return { received: 0, verdicts: noOrderVerdicts() };
}

function copyOf({ received, verdicts }: OrderCounts): OrderCounts {
  return { received, verdicts: { ...verdicts } };
}

function add(sum: OrderCounts, part: OrderCounts): void {
  sum.received += part.received;
  for (const verdict of ORDER_VERDICTS) sum.verdicts[verdict] += part.verdicts[verdict];
}
