import { setTimeout as sleep } from 'node:timers/promises';
import type { Sender } from './senders.ts';

const PROBE_EVERY_MS = 40;
/** Each so manieth probe is also asked for by a query. */
const QUERY_EVERY = 5;
const LOST_AFTER_MS = 60_000;

/** One event of an ad of its own, and when it was acknowledged and seen; ms of one clock. */
interface Probe {
  readonly adId: string;
  readonly sentMs: number;
  acknowledgedMs: number;
  seenMs: number;
  /** When a query that followed the acknowledgement had answered; 0 when none was made. */
  queriedMs: number;
}

/**
 * Sends single events beside the load, each of an ad of its own, follows the change feed as a sink would, and notes when
 * each is acknowledged, comes in the feed and shows in a query.
 */
export class Probes {
  readonly #sender: Sender;
  readonly #probes = new Map<string, Probe>();
  #cursor = '';
  #isFollowing = false;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** Beside the load that `load` begins, until it resolves. Returns all probes, each of them acknowledged and seen. */
  async run(load: () => Promise<void>): Promise<readonly Probe[]> {
    await this.#catchUp();
    this.#isFollowing = true;
    const following = this.#follow();
    const over = new AbortController();
    const ended = load().finally(() => over.abort());
    const sent: Promise<void>[] = [];
    while (!over.signal.aborted) {
      sent.push(this.#send(sent.length));
      await sleep(PROBE_EVERY_MS);
    }
    await ended;
    await Promise.all(sent);
    const deadline = performance.now() + LOST_AFTER_MS;
    while ([...this.#probes.values()].some(({ seenMs }) => seenMs === 0)) {
      if (performance.now() > deadline)
        throw new Error('an acknowledged event does not come in the change feed');
      await sleep(10);
    }
    this.#isFollowing = false;
    await following;
    return [...this.#probes.values()];
  }

  /** What `load` resolves with, while the change feed is followed beside it. */
  async follow<Result>(load: () => Promise<Result>): Promise<Result> {
    await this.#catchUp();
    this.#isFollowing = true;
    const following = this.#follow();
    const result = await load();
    this.#isFollowing = false;
    await following;
    return result;
  }

  async #send(number: number): Promise<void> {
    const adId = `probe-${number}-${Math.round(performance.timeOrigin)}`;
    const event = {
      eventId: adId,
      eventType: 'impression',
      eventTime: Date.now(),
      adId,
      campaignId: 'probe',
      advertiserId: 'probe',
      userId: 'probe',
    };
    const probe: Probe = { adId, sentMs: performance.now(), acknowledgedMs: 0, seenMs: 0, queriedMs: 0 };
    this.#probes.set(adId, probe);
    await this.#sender.send(Buffer.from(JSON.stringify(event)));
    probe.acknowledgedMs = performance.now();
    if (number % QUERY_EVERY === 0) await this.#query(probe);
  }

  async #query(probe: Probe): Promise<void> {
    const to = Date.now() + 60_000;
    const answer = await this.#sender.get(
      `/v1/ad-minutes?adId=${probe.adId}&from=${to - 600_000}&to=${to}&granularity=minute`,
    );
    probe.queriedMs = performance.now();
    if (!answer.includes('"impressions":1,')) throw new Error(`a query does not show ${probe.adId}`);
  }

  async #catchUp(): Promise<void> {
    for (let page = ''; !isCaughtUp(page);) page = await this.#page(0);
  }

  async #follow(): Promise<void> {
    while (this.#isFollowing) {
      const page = await this.#page(200);
      const seenMs = performance.now();
      for (const [, adId] of page.matchAll(/"adId":"(probe-[^"]*)"/g)) {
        const probe = this.#probes.get(adId);
        if (probe !== undefined && probe.seenMs === 0) probe.seenMs = seenMs;
      }
    }
  }

  async #page(waitMs: number): Promise<string> {
    const after = this.#cursor === '' ? '' : `after=${this.#cursor}&`;
    const page = (
      await this.#sender.get(`/v1/changes/ad-minutes?${after}limit=10000&waitMs=${waitMs}`)
    ).toString('latin1');
    this.#cursor = /"cursor":"([^"]+)"/.exec(endOf(page))![1];
    return page;
  }
}

/** What stands behind the records of a page. */
function endOf(page: string): string {
  return page.slice(-300);
}

function isCaughtUp(page: string): boolean {
  return endOf(page).includes('"caughtUp":true');
}
