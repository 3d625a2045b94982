import type { PeerPosition } from '../../embedded/ports.ts';
import type { PeerSource } from '../../embedded/peer/peer-puller.ts';
import type { RegionProcess } from '../region-process.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { SimulatedClock } from '../simulated-clock.ts';

/** How bad the way between two regions is, per question and answer. */
export interface NetworkTemper {
  readonly delayMsMax: number;
  /** Probability that a question or its answer is lost. */
  readonly loss: number;
  /** Probability that an answer is an earlier one once more. */
  readonly repeat: number;
  /** Probability, for each question, that the way closes; and how long that lasts at most, ms. */
  readonly closes: number;
  readonly closedMsMax: number;
}

const LONG_POLL_MS = 100;

/** The way on which one region asks the other: it delays, loses and repeats, and is closed for a while. Each way for itself. */
export class NetworkWay implements PeerSource {
  readonly #random: SeededRandom;
  readonly #clock: SimulatedClock;
  readonly #temper: NetworkTemper;
  readonly #asked: () => RegionProcess | undefined;
  #closedUntilMs = 0;
  #earlier: Uint8Array[] = [];
  isHealed = false;
  /** Nothing is answered any more: the world comes to rest. */
  isAtRest = false;
  /** Answers that came. */
  answers = 0;

  constructor(
    random: SeededRandom,
    clock: SimulatedClock,
    temper: NetworkTemper,
    asked: () => RegionProcess | undefined,
  ) {
    this.#random = random;
    this.#clock = clock;
    this.#temper = temper;
    this.#asked = asked;
  }

  async next(after: PeerPosition): Promise<Uint8Array> {
    if (this.isAtRest) return new Promise(() => {});
    await this.#travel();
    let answer = await this.#ask(after);
    if (answer.isEmpty) {
      await this.#pass(LONG_POLL_MS);
      answer = await this.#ask(after);
    }
    const page = Uint8Array.from(answer.page);
    await this.#travel();
    this.answers++;
    this.#earlier = [...this.#earlier.slice(-5), page];
    const repeats = !this.isHealed && this.#random.chance(this.#temper.repeat);
    return repeats ? this.#random.pick(this.#earlier) : page;
  }

  async #travel(): Promise<void> {
    const { delayMsMax, loss, closes, closedMsMax } = this.#temper;
    await this.#pass(this.isHealed ? 1 : this.#random.fraction() * delayMsMax);
    if (this.isHealed) return;
    const nowMs = this.#clock.monotonicMs();
    if (this.#random.chance(closes)) this.#closedUntilMs = nowMs + this.#random.fraction() * closedMsMax;
    if (nowMs < this.#closedUntilMs || this.#random.chance(loss)) throw new Error('The way is closed.');
  }

  /** The region that is asked may be down, or go down before it answers. */
  #ask(after: PeerPosition): ReturnType<NonNullable<RegionProcess['region']>['peerPage']> {
    const process = this.#asked();
    if (process?.region === undefined || !process.isAlive) throw new Error('Nobody is there.');
    const { promise, resolve, reject } =
      Promise.withResolvers<Awaited<ReturnType<typeof process.region.peerPage>>>();
    const forget = process.whenDead(() => reject(new Error('It has gone down.')));
    process.region.peerPage(after).then(resolve, reject).finally(forget);
    return promise;
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.schedule(ms, resolve));
  }
}
