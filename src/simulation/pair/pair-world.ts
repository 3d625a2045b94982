import { AdtallyError } from '../../base/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import { BrokenPromise, type Checker } from '../checkers/checker.ts';
import type { RegionProcess } from '../region-process.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import { SimulatedClient, type SimulatedRequest } from '../workload.ts';
import { NetworkWay } from './network.ts';
import type { PairPlan } from './pair-plan.ts';
import { expectOneTruth } from './one-truth.ts';
import { Side } from './side.ts';
import { UnionSink } from './union-sink.ts';

const BEGINNING = Date.UTC(2026, 5, 1, 8, 58, 30);
/** Once everything is healed, both regions have heard each other within this time, ms. */
const HEALING_MS = 40 * SECOND_MS;
const RESTING_MS = 5 * SECOND_MS;
const CLOCK_JUMPS = [-HOUR_MS, -MINUTE_MS, MINUTE_MS, 61 * MINUTE_MS];
const NOTHING_COUNTED = new Set(['overloaded', 'too_large', 'capacity', 'stopping']);
const HOURS_MAX = 8;
/** How often the order service says something, if there is one. */
const ANSWERS = 0.3;

export interface PairReport {
  readonly lives: number;
  readonly crashes: number;
  readonly acknowledged: number;
  readonly answers: number;
  /** Events that both regions had counted, and one gave up. */
  readonly yielded: number;
  readonly virtualMs: number;
}

/** Two regions, their clients and the ways between them. All that happens follows from the seed and the plan. */
export class PairWorld {
  readonly clock = new SimulatedClock(BEGINNING);
  readonly #random: SeededRandom;
  /** Of what was added later: drawn apart. */
  readonly #fates: SeededRandom;
  readonly #plan: PairPlan;
  readonly #sides: readonly [Side, Side];
  readonly #ways: readonly [NetworkWay, NetworkWay];
  readonly #sinks: readonly UnionSink[];
  /** Of each side. */
  readonly #checkers: readonly [readonly Checker[], readonly Checker[]];
  #left: number;
  #outstanding = 0;
  #hours = 0;

  constructor(
    random: SeededRandom,
    plan: PairPlan,
    checkers: readonly [readonly Checker[], readonly Checker[]],
  ) {
    this.#random = random.fork('world');
    this.#fates = random.fork('fates');
    this.#plan = plan;
    this.#checkers = checkers;
    this.#left = plan.requests;
    const way = (index: 0 | 1): NetworkWay =>
      new NetworkWay(
        random.fork(`way ${index}`),
        this.clock,
        plan.ways[index],
        () => this.#sides[1 - index].process,
      );
    this.#ways = [way(0), way(1)];
    const side = (name: 'a' | 'b', index: 0 | 1): Side =>
      new Side({ name, plan, random, clock: this.clock, way: this.#ways[index] });
    this.#sides = [side('a', 0), side('b', 1)];
    this.#sinks = ['a', 'b'].map(
      (name) => new UnionSink(random.fork(`sink of ${name}`), this.clock, plan.sinks, this.#sides),
    );
  }

  async run(): Promise<PairReport> {
    this.#letClientsIn();
    while (this.#left > 0 || this.#outstanding > 0) {
      for (const side of this.#sides) await side.tend();
      if (!(await this.clock.step()))
        throw new BrokenPromise('nothing happens, though requests are not answered');
    }
    await this.#heal();
    const [a, b] = this.#sides;
    const rests = [await a.rest(), await b.rest()] as const;
    for (const [n, rest] of rests.entries()) {
      for (const checker of this.#checkers[n])
        await hold(rest.region.name, checker, () => checker.atRest?.(rest));
    }
    expectOneTruth(rests, this.#plan);
    for (const sink of this.#sinks) sink.expectUnion(rests);
    return {
      lives: a.lives + b.lives,
      crashes: a.crashes + b.crashes,
      acknowledged: a.ledger.acknowledgements + b.ledger.acknowledgements,
      answers: this.#ways[0].answers + this.#ways[1].answers,
      yielded: rests[0].region.status().peer!.yielded + rests[1].region.status().peer!.yielded,
      virtualMs: this.clock.monotonicMs(),
    };
  }

  /** Everything works from now on; after a while both regions must have heard all of each other. */
  async #heal(): Promise<void> {
    for (const side of this.#sides) side.spare();
    for (const way of this.#ways) way.isHealed = true;
    for (const sink of this.#sinks) sink.isHealed = true;
    const untilMs = this.clock.monotonicMs() + HEALING_MS;
    while (this.clock.monotonicMs() < untilMs) {
      for (const side of this.#sides) await side.tend();
      if (!(await this.clock.step())) return;
    }
    for (const way of this.#ways) way.isAtRest = true;
    // What is under way ends; sinks go on asking for ever.
    const restedMs = this.clock.monotonicMs() + RESTING_MS;
    while (this.clock.monotonicMs() < restedMs) if (!(await this.clock.step())) return;
  }

  #letClientsIn(): void {
    const plan = this.#plan;
    const shape = {
      eventsPerRequestMax: plan.eventsPerRequestMax,
      ordersShare: plan.ordersShare,
      maxOrderAgeMs: plan.spec.attribution.maxOrderAge,
      clickWindowMs: plan.spec.attribution.clickWindow,
      viewWindowMs: plan.spec.attribution.viewWindow,
      maxEventAgeMs: plan.spec.maxEventAge,
      maxClockSkewMs: plan.spec.maxClockSkew,
    };
    for (let index = 0; index < plan.clients; index++) {
      const client = new SimulatedClient(this.#random.fork(`client ${index}`), shape);
      this.#letIn(client, this.#sides[index % 2]);
    }
  }

  /** A client sends, waits for the answer, pauses, and so on; where its own region is not there, the other one gets it. */
  #letIn(client: SimulatedClient, own: Side): void {
    this.clock.schedule(client.pauseMs(), () => {
      if (this.#left <= 0) return;
      this.#left--;
      this.#haunt();
      const other = this.#sides[own === this.#sides[0] ? 1 : 0];
      const isAstray = this.#random.chance(this.#plan.hazards.stray);
      const first = isAstray ? other : own;
      const side = first.process === undefined && !isAstray ? other : first;
      void this.#send(client, side).finally(() => this.#letIn(client, own));
    });
  }

  async #send(client: SimulatedClient, side: Side): Promise<void> {
    const { process } = side;
    if (process?.region === undefined) return;
    this.#outstanding++;
    const request = client.next(process.clock.now());
    const ledger = request.of === 'orders' ? side.orderLedger : side.ledger;
    ledger.sent(request.body);
    try {
      const acknowledge = await whileAlive(process, this.#ingest(side, process, request));
      acknowledge();
      // Where the answer is lost on its way the client sends again, to whichever region.
      if (this.#fates.chance(this.#plan.hazards.lostAnswer)) client.unanswered(request);
      else client.answered(request);
    } catch (error) {
      const code = error instanceof AdtallyError ? error.code : 'internal';
      if (NOTHING_COUNTED.has(code)) ledger.refused(request.body);
      if (code !== 'too_large') client.unanswered(request);
    }
    this.#outstanding--;
  }

  async #ingest(
    side: Side,
    { region }: RegionProcess,
    { of, body, format }: SimulatedRequest,
  ): Promise<() => void> {
    // Once it is answered the memory of a request is used for another one.
    const bytes = Uint8Array.from(body);
    if (of === 'orders') {
      const receipt = await region!.ingestOrders(bytes, format);
      bytes.fill(0);
      return () => side.orderLedger.acknowledged(body, receipt);
    }
    const receipt = await region!.ingest(bytes, format);
    bytes.fill(0);
    return () => side.ledger.acknowledged(body, receipt);
  }

  /** What must hold at any moment, healed or not. */
  #observe({ name, process }: Side): void {
    if (process?.region === undefined) return;
    for (const checker of this.#checkers[name === 'a' ? 0 : 1]) void checker.observed?.(process.region);
  }

  #haunt(): void {
    const random = this.#random;
    const { snapshot, restart, hour, clockJump, sinkCrash } = this.#plan.hazards;
    const side = random.pick(this.#sides);
    if (this.#fates.chance(sinkCrash)) this.#fates.pick(this.#sinks).crash();
    if (this.#fates.chance(0.3)) this.#observe(side);
    side.letOrderServiceSpeak(ANSWERS);
    if (random.chance(snapshot)) side.process?.region?.snapshot().catch(() => undefined);
    if (random.chance(restart)) side.process?.die();
    if (random.chance(clockJump)) this.clock.jump(random.pick(CLOCK_JUMPS));
    if (!random.chance(hour) || ++this.#hours > HOURS_MAX) return;
    this.clock.jump(this.#plan.isRemembered ? 65 * MINUTE_MS : DAY_MS / 4);
  }
}

/** Rejects when the process dies before it answers. */
function whileAlive<T>(process: RegionProcess, answer: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const forget = process.whenDead(() => reject(new Error('The connection broke.')));
  answer.then(resolve, reject).finally(forget);
  return promise;
}

async function hold(region: string, checker: Checker, look: () => void | Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (error instanceof BrokenPromise) error.message = `${region}: ${checker.name}: ${error.message}`;
    throw error;
  }
}
