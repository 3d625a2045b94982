import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { RegionSender } from '../../client/region-sender.ts';
import type { OrderTraffic } from '../../generator/order-traffic.ts';
import type { TrafficGenerator } from '../../generator/traffic.ts';

/** How long orders are gathered for a request. */
const TICK_MS = 500;

/** Sends made-up orders that follow the generator's events, until `stop`. Throws what the client throws. */
export async function sendOrders(options: {
  readonly generator: TrafficGenerator;
  readonly orders: OrderTraffic;
  readonly sender: Pick<RegionSender, 'sendOrders'>;
  readonly clock: Clock;
  readonly ordersPerSecond: number;
  readonly stop: AbortSignal;
}): Promise<void> {
  const { generator, orders, sender, clock, ordersPerSecond, stop } = options;
  let owed = 0;
  while (!stop.aborted) {
    await sleep(TICK_MS, undefined, { signal: stop }).catch(() => undefined);
    owed += (ordersPerSecond * TICK_MS) / SECOND_MS;
    const count = Math.floor(owed);
    owed -= count;
    if (count > 0 && !stop.aborted) {
      await sender.sendOrders(
        orders.next(count, clock.now(), () => generator.recent()),
        stop,
      );
    }
  }
}
