import type { UnixMs } from '../../base/clock.ts';
import { WideMap } from '../../base/wide-map.ts';
import { hourOf } from '../../model/event-time.ts';
import type { Order } from '../../model/order.ts';

/** Who is told which users' new touches matter. */
export interface UserWatch {
  watch(userId: string): void;
  unwatch(userId: string): void;
}

/** Orders that a touch may still change, by user; and by the hour of their time, to be closed hour by hour. */
export class OpenOrders {
  readonly #watch: UserWatch;
  readonly #byUser = new WideMap<Set<string>>();
  readonly #byHour = new Map<UnixMs, WideMap<Order>>();
  /** Start of the hour in which orders were last closed, Unix ms. */
  #closedIn = -1;

  constructor(watch: UserWatch) {
    this.#watch = watch;
  }

  /** Ids of the open orders of a user. */
  of(userId: string): readonly string[] {
    return [...(this.#byUser.get(userId) ?? [])];
  }

  /** Enters an order; no matter whether it is there already. */
  open(order: Order): void {
    const { orderId, userId } = order;
    const hour = hourOf(order.orderTime);
    let sameHour = this.#byHour.get(hour);
    if (sameHour === undefined) this.#byHour.set(hour, (sameHour = new WideMap()));
    sameHour.set(orderId, order);
    const sameUser = this.#byUser.get(userId);
    if (sameUser !== undefined) {
      sameUser.add(orderId);
      return;
    }
    this.#byUser.set(userId, new Set([orderId]));
    this.#watch.watch(userId);
  }

  /** Takes an order out, by the user and time it was entered with; no matter whether it is there. */
  close({ orderId, userId, orderTime }: Order): void {
    this.#byHour.get(hourOf(orderTime))?.delete(orderId);
    const sameUser = this.#byUser.get(userId);
    if (sameUser === undefined || !sameUser.delete(orderId) || sameUser.size > 0) return;
    this.#byUser.delete(userId);
    this.#watch.unwatch(userId);
  }

  /** Once an hour of arrival, takes out the orders that are over: those for which `isOver` says so, oldest hours first. */
  closeThrough(latestArrival: UnixMs, isOver: (orderId: string) => boolean): void {
    const now = hourOf(latestArrival);
    if (now <= this.#closedIn) return;
    this.#closedIn = now;
    for (const hour of [...this.#byHour.keys()].toSorted((a, b) => a - b)) {
      const orders = this.#byHour.get(hour)!;
      for (const order of orders.values()) {
        // A whole hour is over when its last order is: those after it are younger.
        if (!isOver(order.orderId)) return;
        this.close(order);
      }
      this.#byHour.delete(hour);
    }
  }
}
