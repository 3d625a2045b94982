import { MINUTE_MS } from '../../../src/base/units.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { SeededRandom } from '../../../src/simulation/seeded-random.ts';
import { adMinute } from '../../budget/feed-script.ts';

/** Records as a load topic brings them: of two regions, growing, moved to another campaign, old revisions and the same ones again. */
export class RandomRecords {
  readonly #random: SeededRandom;
  readonly #start: number;
  readonly #latest = new Map<string, AdMinute>();
  /** All that were given. */
  readonly given: AdMinute[] = [];

  /** Minutes begin at `start`, Unix ms. */
  constructor(random: SeededRandom, start: number) {
    this.#random = random;
    this.#start = start;
  }

  take(count: number): AdMinute[] {
    const batch = Array.from({ length: count }, () => this.#next());
    this.given.push(...batch);
    return batch;
  }

  #next(): AdMinute {
    const random = this.#random;
    if (this.given.length > 0 && random.chance(0.2)) return random.pick(this.given);
    // Many records come once only: of those a charge that is lost is not made up for by a later one.
    const fresh = adMinute({
      region: random.pick(['a', 'b']),
      adId: `ad-${random.between(1, random.chance(0.3) ? 3 : 500)}`,
      minute: this.#start + random.between(0, 5) * MINUTE_MS,
      currency: random.pick(['EUR', 'EUR', 'USD']),
    });
    const last = this.#latest.get(fresh.recordId);
    const next = {
      ...fresh,
      revision: (last?.revision ?? 0) + random.between(1, 3),
      // An ad of one campaign that comes to another one takes its spend along.
      campaignId: random.chance(0.1) ? 'autumn' : (last?.campaignId ?? random.pick(['spring', 'summer'])),
      costMicros: random.chance(0.05) ? 0 : random.between(0, 5_000_000_000),
    };
    this.#latest.set(next.recordId, next);
    return next;
  }
}
