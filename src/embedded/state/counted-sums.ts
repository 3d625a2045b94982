import { ExactSum } from '../../base/exact-sum.ts';

/** Sums over every event ever counted, exact, kept apart from the cells so that each can prove the other. */
export class CountedSums {
  impressions = 0;
  clicks = 0;
  #cost = new ExactSum();

  add(isClick: number, costMicros: number): void {
    this.clicks += isClick;
    this.impressions += 1 - isClick;
    this.#cost.add(costMicros);
  }

  get costMicros(): bigint {
    return this.#cost.value;
  }

  load(sums: { impressions: number; clicks: number; costMicros: bigint }): void {
    this.impressions = sums.impressions;
    this.clicks = sums.clicks;
    this.#cost = new ExactSum(sums.costMicros);
  }
}
