/** Numbers up to SMALL_MAX are collected in a double that stays below 2^53; larger ones are added at once. */
const SMALL_MAX = 2 ** 32;
const COLLECTED_MAX = 2 ** 52;

/** An exact sum of many whole numbers from 0 to 2^53 − 1. Bigints are exact but slow, doubles the other way round: it uses both. */
export class ExactSum {
  #total: bigint;
  #collected = 0;

  constructor(total = 0n) {
    this.#total = total;
  }

  add(value: number): void {
    if (value > SMALL_MAX) {
      this.#total += BigInt(value);
      return;
    }
    this.#collected += value;
    if (this.#collected > COLLECTED_MAX) this.#settle();
  }

  get value(): bigint {
    this.#settle();
    return this.#total;
  }

  #settle(): void {
    this.#total += BigInt(this.#collected);
    this.#collected = 0;
  }
}
