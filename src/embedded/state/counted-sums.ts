/** Bigints are slow: costs up to SMALL_MAX are collected in a double that stays below 2^53, larger ones are added at once. */
const SMALL_MAX = 2 ** 32;
const COLLECTED_MAX = 2 ** 52;

/** Sums over every event ever counted, exact, kept apart from the cells so that each can prove the other. */
export class CountedSums {
  impressions = 0;
  clicks = 0;
  #costMicros = 0n;
  #collected = 0;

  add(isClick: number, costMicros: number): void {
    this.clicks += isClick;
    this.impressions += 1 - isClick;
    if (costMicros > SMALL_MAX) {
      this.#costMicros += BigInt(costMicros);
      return;
    }
    this.#collected += costMicros;
    if (this.#collected > COLLECTED_MAX) this.#settle();
  }

  get costMicros(): bigint {
    this.#settle();
    return this.#costMicros;
  }

  load(sums: { impressions: number; clicks: number; costMicros: bigint }): void {
    this.impressions = sums.impressions;
    this.clicks = sums.clicks;
    this.#costMicros = sums.costMicros;
    this.#collected = 0;
  }

  #settle(): void {
    this.#costMicros += BigInt(this.#collected);
    this.#collected = 0;
  }
}
