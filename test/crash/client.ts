import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/generator/random.ts';
import { call, type Answer, type Body } from './http-call.ts';
import type { Ledger, SentEvent } from './ledger.ts';

const DAY_MS = 86_400_000;
const ADS = 40;
const EVENTS_MAX = 120;

/** What the answer to a request has to say, whichever of its attempts is answered. */
interface Due {
  /** New events and repetitions: how many of them are `counted` depends on which attempt came through. */
  readonly countedOrDuplicate: number;
  readonly conflict: number;
  readonly late: number;
  readonly invalid: number;
}

interface Receipt {
  readonly received: number;
  readonly verdicts: Record<'counted' | 'duplicate' | 'conflict' | 'late' | 'future' | 'invalid', number>;
}

/** Where the region is now; a new place after each restart. */
export interface Address {
  /** Resolves when there is one. */
  current(): Promise<string>;
}

/** Sends requests, one after the other, and each of them until it is acknowledged. */
export class Client {
  readonly #name: string;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #address: Address;
  #events = 0;
  /** Attempts that got no answer, or none that acknowledges. */
  attemptsLost = 0;
  requests = 0;

  constructor(name: string, random: Random, ledger: Ledger, address: Address) {
    this.#name = name;
    this.#random = random;
    this.#ledger = ledger;
    this.#address = address;
  }

  /** Until `stop`; the last request is brought to its end. Rejects at the first wrong answer. */
  async run(stop: AbortSignal): Promise<void> {
    const agent = new Agent({ keepAlive: true });
    while (!stop.aborted) await this.#deliver(agent);
    agent.destroy();
  }

  async #deliver(agent: Agent): Promise<void> {
    const { body, fresh, due } = this.#makeRequest();
    for (;;) {
      const url = await this.#address.current();
      const answer = await call(`${url}/v1/events`, body, agent).catch(() => undefined);
      if (answer?.status === 200) {
        checkReceipt(answer, due);
        this.#ledger.acknowledge(fresh);
        this.requests++;
        return;
      }
      if (answer !== undefined && answer.status !== 429 && answer.status !== 503) {
        throw new Error(`${this.#name} got ${answer.status}: ${answer.text}`);
      }
      this.attemptsLost++;
      await sleep(10);
    }
  }

  #makeRequest(): { body: Body; fresh: readonly SentEvent[]; due: Due } {
    const { sent, acknowledged } = this.#ledger;
    const fresh: SentEvent[] = [];
    const events: object[] = [];
    const due = { countedOrDuplicate: 0, conflict: 0, late: 0, invalid: 0 };
    const count = 1 + this.#random.below(EVENTS_MAX);
    while (events.length < count) {
      const chance = this.#random.unit();
      if (chance < 0.08 && sent.length > 0) {
        events.push(sent[this.#random.below(sent.length)]);
        due.countedOrDuplicate++;
      } else if (chance < 0.1 && acknowledged.length > 0) {
        const { costMicros, ...event } = acknowledged[this.#random.below(acknowledged.length)];
        events.push({ ...event, costMicros: costMicros + 1 });
        due.conflict++;
      } else if (chance < 0.11) {
        events.push({ ...this.#makeEvent(), eventTime: Date.now() - 2 * DAY_MS });
        due.late++;
      } else if (chance < 0.12) {
        events.push({ ...this.#makeEvent(), adId: '' });
        due.invalid++;
      } else {
        const event = this.#makeEvent();
        fresh.push(event);
        events.push(event);
        due.countedOrDuplicate++;
      }
    }
    for (const event of fresh) this.#ledger.send(event);
    return { body: this.#layOut(events), fresh, due };
  }

  #makeEvent(): SentEvent {
    const random = this.#random;
    const ad = random.below(ADS);
    return {
      eventId: `${this.#name}-${++this.#events}`,
      eventType: random.below(10) === 0 ? 'click' : 'impression',
      eventTime: Date.now() - random.below(300_000),
      adId: `ad-${ad}`,
      campaignId: `campaign-${ad % 7}`,
      advertiserId: `advertiser-${ad % 3}`,
      userId: `user-${random.below(1000)}`,
      merchantId: `merchant-${ad % 5}`,
      costMicros: random.below(10_000),
      currency: ad % 2 === 0 ? 'EUR' : 'USD',
    };
  }

  #layOut(events: readonly object[]): Body {
    const texts = events.map((event) => JSON.stringify(event));
    return this.#random.below(2) === 0
      ? { type: 'application/json', bytes: Buffer.from(`[${texts.join(',')}]`) }
      : { type: 'application/x-ndjson', bytes: Buffer.from(texts.join('\n')) };
  }
}

function checkReceipt({ text }: Answer, due: Due): void {
  const { received, verdicts } = JSON.parse(text) as Receipt;
  const { counted, duplicate, conflict, late, invalid } = verdicts;
  const told = { countedOrDuplicate: counted + duplicate, conflict, late, invalid };
  const events = due.countedOrDuplicate + due.conflict + due.late + due.invalid;
  if (received === events && JSON.stringify(told) === JSON.stringify(due)) return;
  throw new Error(`due were ${JSON.stringify(due)}, the answer was ${text}`);
}
