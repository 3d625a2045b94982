import type { Random } from './random.ts';

/**
 * Draws ranks from 0 to `size` − 1, rank r with weight 1 / (r + 1)^exponent: a few ads have most of the traffic.
 * Vose's alias method: a draw costs the same whatever the size.
 */
export class Zipf {
  readonly #random: Random;
  readonly #threshold: Float64Array;
  readonly #alias: Int32Array;

  constructor(size: number, exponent: number, random: Random) {
    this.#random = random;
    this.#threshold = new Float64Array(size).fill(1);
    this.#alias = new Int32Array(size);
    this.#fill(zipfShares(size, exponent));
  }

  draw(): number {
    const rank = this.#random.below(this.#threshold.length);
    return this.#random.unit() < this.#threshold[rank] ? rank : this.#alias[rank];
  }

  /** Tops up every rank that has less than an average share with what another has to spare. */
  #fill(shares: Float64Array): void {
    const poor: number[] = [];
    const rich: number[] = [];
    shares.forEach((share, rank) => (share < 1 ? poor : rich).push(rank));
    while (poor.length > 0 && rich.length > 0) {
      const receiver = poor.pop()!;
      const donor = rich.at(-1)!;
      this.#threshold[receiver] = shares[receiver];
      this.#alias[receiver] = donor;
      shares[donor] -= 1 - shares[receiver];
      if (shares[donor] < 1) poor.push(rich.pop()!);
    }
  }
}

/** The share of each rank, in units of the average share. */
function zipfShares(size: number, exponent: number): Float64Array {
  const weights = new Float64Array(size).map((_, rank) => (rank + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (weight * size) / sum);
}
