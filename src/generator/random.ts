/** Seeded random numbers (sfc32 of PractRand): the same seed gives the same numbers on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: any whole number up to 2^53 − 1. */
  constructor(seed: number) {
    this.#a = 0x9e3779b9;
    this.#b = seed | 0;
    this.#c = Math.floor(seed / 2 ** 32) | 0;
    // The first numbers of neighbouring seeds are alike.
    for (let round = 0; round < 15; round++) this.word();
  }

  /** 32 random bits, signed. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum;
  }

  /** From 0 inclusive to 1 exclusive, in steps of 2^-32. */
  unit(): number {
    return (this.word() >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 inclusive to `end` exclusive; `end` ≤ 2^32. */
  below(end: number): number {
    return Math.floor(this.unit() * end);
  }
}
