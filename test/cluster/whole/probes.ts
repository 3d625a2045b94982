import { setTimeout as sleep } from 'node:timers/promises';
import type { FiguresReport } from '../../../src/reporting/figures-report.ts';

const SEND_EVERY_MS = 500;
const LOOK_EVERY_MS = 1000;

interface Probe {
  readonly region: string;
  readonly adId: string;
  /** When it was acknowledged, Unix ms. */
  readonly at: number;
}

/** What a gateway said that cannot be: an event is not in the figures, though it came before `asOf`. */
interface Missing {
  readonly seenBy: string;
  readonly probe: Probe;
  readonly asOf: string;
}

/** Single events into each region, each of an ad of its own, and whether reports have all that they say they have. */
export class Probes {
  /** By region: where its gateway is now. */
  readonly #urls: ReadonlyMap<string, () => string>;
  readonly #acknowledged: Probe[] = [];
  readonly #missing = new Map<string, Missing & { readonly times: number }>();
  /** How often a report said how far it reaches. */
  answers = 0;

  constructor(urls: ReadonlyMap<string, () => string>) {
    this.#urls = urls;
  }

  /** How many have been acknowledged by a region. */
  sent(region: string): number {
    return this.#acknowledged.filter((probe) => probe.region === region).length;
  }

  /** Those that were missing twice: while Pinot overwrites a row a question may pass it by. */
  get missing(): readonly Missing[] {
    return [...this.#missing.values()].filter(({ times }) => times > 1);
  }

  /** Until all of them are told to be over. */
  async run(over: AbortSignal): Promise<void> {
    await Promise.all(
      [...this.#urls.keys()].flatMap((region) => [this.#send(region, over), this.#look(region, over)]),
    );
  }

  async #send(region: string, over: AbortSignal): Promise<void> {
    for (let n = 0; !over.aborted; n++) {
      const adId = `probe-${region}-${n}`;
      const event = { eventId: adId, eventType: 'impression', eventTime: Date.now(), adId, userId: 'probe' };
      const body = JSON.stringify({ ...event, campaignId: 'probes', advertiserId: 'probes' });
      // The same again after a lost answer.
      while (!(await this.#isTaken(region, body))) await sleep(SEND_EVERY_MS);
      this.#acknowledged.push({ region, adId, at: Date.now() });
      await sleep(SEND_EVERY_MS);
    }
  }

  #isTaken(region: string, body: string): Promise<boolean> {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${this.#urls.get(region)!()}/v1/events`, { method: 'POST', headers, body }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async #look(region: string, over: AbortSignal): Promise<void> {
    for (; !over.aborted; await sleep(LOOK_EVERY_MS)) {
      const to = new Date(Date.now() + 600_000).toISOString();
      const query = `by=ad&advertiserId=probes&limit=10000&to=${to}`;
      const report = await fetch(`${this.#urls.get(region)!()}/v1/reports/figures?${query}`).then(
        async (response) => (response.ok ? ((await response.json()) as FiguresReport) : undefined),
        () => undefined,
      );
      if (report !== undefined) this.#judge(region, report);
    }
  }

  #judge(seenBy: string, { rows, regions }: FiguresReport): void {
    const there = new Set(rows.map(({ id }) => id));
    for (const { region, asOf } of regions) {
      if (asOf === null) continue;
      this.answers++;
      const due = this.#acknowledged.filter(
        (probe) => probe.region === region && probe.at < Date.parse(asOf),
      );
      for (const probe of due.filter(({ adId }) => !there.has(adId))) {
        const key = `${seenBy} ${probe.adId}`;
        const times = (this.#missing.get(key)?.times ?? 0) + 1;
        this.#missing.set(key, { seenBy, probe, asOf, times });
      }
    }
  }
}
