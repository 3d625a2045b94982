import type { OrderAnswer, Region } from '../../embedded/ports.ts';
import type { RequestLedger } from '../request-ledger.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** Orders that are answered at once. */
const ASKED_MAX = 4;
const DEADLINE_MS = 60_000;

/** The order service and whoever asks it: answers for orders that wait, for versions that are over, and now and then twice. */
export class SimulatedOrderService {
  readonly #random: SeededRandom;
  readonly #ledger: RequestLedger<void>;

  constructor(random: SeededRandom, ledger: RequestLedger<void>) {
    this.#random = random;
    this.#ledger = ledger;
  }

  /** Whether it says something now. */
  speaks(probability: number): boolean {
    return this.#random.chance(probability);
  }

  /** Answers for some of the orders that wait. `isAlive`: whether anybody still hears what the region says. */
  async answer(region: Region, nowMs: number, isAlive: () => boolean): Promise<void> {
    const random = this.#random;
    const pending = region.pendingOrders(ASKED_MAX, new Set());
    const latest = region.latestOrders(2).map(({ orderId, orderVersion }) => ({ orderId, orderVersion }));
    // An order that does not wait is asked for again, as an operator would.
    const chosen = random.chance(0.7) ? pending : latest;
    const answers = chosen.flatMap((order) => {
      const answer = this.#answerFor(order, nowMs);
      return random.chance(0.1) ? [answer, answer] : [answer];
    });
    await Promise.all(answers.map((answer) => this.#submit(region, answer, isAlive)));
  }

  #answerFor(
    { orderId, orderVersion }: { orderId: string; orderVersion: number },
    nowMs: number,
  ): OrderAnswer {
    const random = this.#random;
    const version = orderVersion + random.pick([0, 0, 0, 0, 0, -1, 1]);
    const asked = { orderId, orderVersion: version };
    const status = random.weighted({ ok: 6, unavailable: 4, pending: 1 });
    if (status === 'ok')
      return { ...asked, status, enrichment: { note: `n${random.below(1000)}`, lines: [1] } };
    if (status === 'unavailable') return { ...asked, status, enrichment: null };
    return { ...asked, status, enrichment: null, deadline: nowMs + DEADLINE_MS };
  }

  async #submit(region: Region, answer: OrderAnswer, isAlive: () => boolean): Promise<void> {
    const body = Buffer.from(JSON.stringify(answer));
    this.#ledger.sent(body);
    await region.enrich(answer);
    if (isAlive()) this.#ledger.acknowledged(body);
  }
}
