import type { OrderReceipt } from '../../model/order-receipt.ts';
import { PeerPuller, type PeerSource } from '../../embedded/peer/peer-puller.ts';
import type { RegionAtRest } from '../checkers/checker.ts';
import { CALM, type SeededPlan } from '../disk/disk-plan.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { readTruth, withRetiredSegments } from '../log-truth.ts';
import { SimulatedOrderService } from '../orders/order-service.ts';
import { RegionProcess } from '../region-process.ts';
import { RequestLedger } from '../request-ledger.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import { DEATHS } from '../world-plan.ts';
import type { PairPlan } from './pair-plan.ts';

/** A failed process has this long until it is gone, ms. */
const EXIT_MS_MAX = 200;
/** After so many unlucky starts in a row the disk is spared. */
const STARTS_MAX = 8;

export interface SideSetting {
  readonly name: 'a' | 'b';
  readonly plan: PairPlan;
  readonly random: SeededRandom;
  readonly clock: SimulatedClock;
  /** How it asks the other side. */
  readonly way: PeerSource;
}

/** One of two regions: its disk, the process that runs on it, and what its clients were told. */
export class Side {
  readonly name: 'a' | 'b';
  readonly disk: SimulatedDisk;
  readonly ledger = new RequestLedger();
  readonly orderLedger = new RequestLedger<OrderReceipt>();
  readonly #answerLedger = new RequestLedger<void>();
  readonly #orderService: SimulatedOrderService;
  readonly #setting: SideSetting;
  readonly #index: number;
  readonly #entropy: SeededRandom;
  readonly #fate: SeededRandom;
  #process: RegionProcess | undefined;
  #unlucky = 0;
  lives = 0;
  crashes = 0;

  constructor(setting: SideSetting) {
    const { name, plan, random, clock } = setting;
    this.#setting = setting;
    this.name = name;
    this.#index = name === 'a' ? 0 : 1;
    this.#entropy = random.fork(`entropy of ${name}`);
    this.#fate = random.fork(`fate of ${name}`);
    this.#orderService = new SimulatedOrderService(random.fork(`orders of ${name}`), this.#answerLedger);
    this.disk = new SimulatedDisk(random.fork(`disk ${name}`), plan.disks[this.#index], (delayMs, action) =>
      clock.schedule(delayMs, action),
    );
  }

  /** The process, as long as it serves. */
  get process(): RegionProcess | undefined {
    const process = this.#process;
    return process?.isAlive === true && process.failure === undefined ? process : undefined;
  }

  /** Sees to it that a process serves: buries a dead one, starts another, which may fail. */
  async tend(): Promise<void> {
    if (this.process !== undefined) return;
    await this.bury();
    const { clock, plan, way } = this.#setting;
    this.lives++;
    if (this.#unlucky >= STARTS_MAX) this.disk.plan = CALM;
    const process = new RegionProcess({
      disk: this.disk,
      clock,
      entropy: this.#entropy,
      spec: plan.spec,
      name: this.name,
      skewMs: plan.skewsMs[this.#index],
    });
    this.#process = process;
    if (!(await process.start())) {
      this.#unlucky++;
      return;
    }
    this.#unlucky = 0;
    const peer = this.name === 'a' ? 'b' : 'a';
    new PeerPuller({ region: process.region!, peer, source: way, clock: process.clock }).start();
  }

  /** The order service may say something of some orders, with this probability. */
  letOrderServiceSpeak(chance: number): void {
    const { process } = this;
    if (process?.region === undefined || this.#setting.plan.spec.enrichment.url === '') return;
    if (!this.#orderService.speaks(chance)) return;
    const now = process.clock.now();
    this.#orderService.answer(process.region, now, () => process.isAlive).catch(() => undefined);
  }

  /** Ends the process, if there is one: it dies as it may. */
  async bury(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    if (process.failure !== undefined && process.isAlive) await this.#letExit(process);
    if (this.disk.crashedAt !== undefined) this.crashes++;
    process.die();
    const death = this.#fate.pick(DEATHS);
    if (death === 'killed') this.disk.kill();
    else this.disk.losePower(death);
  }

  /** From now on its disk does what it should. */
  spare(): void {
    if ((this.disk.plan as SeededPlan).quiet !== undefined) (this.disk.plan as SeededPlan).quiet = true;
    else this.disk.plan = CALM;
  }

  /** What the checkers look at. */
  async rest(): Promise<RegionAtRest> {
    return {
      region: this.process!.region!,
      truth: await readTruth(this.disk, this.name),
      ledger: this.ledger,
      orderLedger: this.orderLedger,
      answerLedger: this.#answerLedger,
      again: await this.#open(this.disk.copy()),
      copyDisk: () => this.disk.copy(),
      copyWholeLog: () => withRetiredSegments(this.disk),
      open: (disk) => this.#open(disk),
    };
  }

  async #open(disk: SimulatedDisk): Promise<NonNullable<RegionProcess['region']>> {
    const { clock, plan } = this.#setting;
    const skewMs = plan.skewsMs[this.#index];
    const process = new RegionProcess({
      disk,
      clock: new SimulatedClock(clock.now()),
      entropy: this.#entropy.fork('copy'),
      spec: plan.spec,
      name: this.name,
      skewMs,
    });
    if (await process.start()) return process.region!;
    throw process.failure ?? new Error('The region does not open on a copy of its disk.');
  }

  async #letExit(process: RegionProcess): Promise<void> {
    const { clock } = this.#setting;
    const goneAtMs = clock.monotonicMs() + this.#fate.fraction() * EXIT_MS_MAX;
    while (process.isAlive && clock.monotonicMs() < goneAtMs) if (!(await clock.step())) return;
  }
}
