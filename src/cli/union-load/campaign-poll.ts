import { setTimeout as sleep } from 'node:timers/promises';
import { readCampaigns } from '../../adapters/region-feed/http-campaigns.ts';
import type { RegionReader } from '../../adapters/region-feed/region-reader.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { CampaignAttributes } from '../../union-load/ports.ts';

const EVERY_MS = 3 * SECOND_MS;

/** Where campaigns are kept. */
interface CampaignTable {
  setCampaigns(campaigns: readonly CampaignAttributes[]): Promise<void>;
}

/** Keeps merchants and placements of campaigns up to date. What fails is tried again: campaigns change seldom. */
export class CampaignPoll {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #last = '';

  constructor(reader: RegionReader, table: CampaignTable) {
    this.#running = this.#run(reader, table);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(reader: RegionReader, table: CampaignTable): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const campaigns = await readCampaigns(reader, signal);
        const text = JSON.stringify(campaigns);
        if (text !== this.#last) await table.setCampaigns(campaigns);
        this.#last = text;
      } catch {
        // The feeds say already that a region does not answer or a store does not take anything.
      }
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
