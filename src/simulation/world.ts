import { AdtallyError } from '../base/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/units.ts';
import type { Region } from '../embedded/ports.ts';
import type { OrderReceipt } from '../model/order-receipt.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import type { Checker, RegionAtRest } from './checkers/checker.ts';
import { BrokenPromise } from './checkers/checker.ts';
import { CALM, SeededPlan } from './disk/disk-plan.ts';
import { readTruth, withRetiredSegments } from './log-truth.ts';
import { SimulatedOrderService } from './orders/order-service.ts';
import { RegionProcess, REGION_NAME } from './region-process.ts';
import { RequestLedger } from './request-ledger.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import { SimulatedClient, type SimulatedRequest } from './workload.ts';
import { DEATHS, type WorldPlan } from './world-plan.ts';

const BEGINNING = Date.UTC(2026, 5, 1, 8, 58, 30);
/** Unlucky starts in a row after which the disk is spared, so that the world goes on. */
const STARTS_MAX = 8;
/** A failed process has this long until it is gone, ms: whatever it still does in that time must do no harm. */
const EXIT_MS_MAX = 300;
const LAST_REQUEST = Buffer.from('\n');
const NOTHING_COUNTED = new Set(['overloaded', 'too_large', 'capacity', 'stopping']);
const CLOCK_JUMPS = [-2 * DAY_MS, -HOUR_MS, -MINUTE_MS, MINUTE_MS, 61 * MINUTE_MS, 25 * HOUR_MS, 4 * DAY_MS];

const HOUR_JUMP_MS = HOUR_MS + 5 * MINUTE_MS;

/** What happened, for tests that want to know whether anything did. */
export interface WorldReport {
  readonly lives: number;
  readonly crashes: number;
  readonly failures: number;
  readonly acknowledged: number;
  readonly ordersAcknowledged: number;
  readonly operations: number;
}

/** How a life goes: whether it is to end with a clean restart, and how many requests wait for their answer. */
interface Serving {
  restart: boolean;
  outstanding: number;
}

/** A region with its clients, disk and clock. All that happens follows from the seed and the plan. */
export class World {
  readonly disk: SimulatedDisk;
  readonly clock = new SimulatedClock(BEGINNING);
  readonly ledger = new RequestLedger();
  readonly orderLedger = new RequestLedger<OrderReceipt>();
  readonly answerLedger = new RequestLedger<void>();
  readonly #random: SeededRandom;
  /** How processes end: drawn apart, so that another end does not change the life before it. */
  readonly #fate: SeededRandom;
  readonly #plan: WorldPlan;
  readonly #checkers: readonly Checker[];
  readonly #clients: SimulatedClient[];
  readonly #entropy: SeededRandom;
  /** When an hour passes. */
  readonly #hours: SeededRandom;
  readonly #orderService: SimulatedOrderService;
  #spec: PipelineSpec;
  #left: number;
  #lives = 0;
  #deaths = 0;
  #crashes = 0;
  #failures = 0;

  constructor(random: SeededRandom, plan: WorldPlan, checkers: readonly Checker[]) {
    this.#random = random.fork('world');
    this.#fate = random.fork('fate');
    this.#plan = plan;
    this.#checkers = checkers;
    this.#spec = plan.spec;
    this.#left = plan.requests;
    this.#entropy = random.fork('entropy');
    this.#hours = random.fork('hours');
    this.#orderService = new SimulatedOrderService(random.fork('order service'), this.answerLedger);
    this.disk = new SimulatedDisk(random.fork('disk'), plan.disk, (delayMs, action) =>
      this.clock.schedule(delayMs, action),
    );
    const shape = {
      eventsPerRequestMax: plan.eventsPerRequestMax,
      ordersShare: plan.ordersShare,
      maxOrderAgeMs: plan.spec.attribution.maxOrderAge,
      clickWindowMs: plan.spec.attribution.clickWindow,
      viewWindowMs: plan.spec.attribution.viewWindow,
      maxEventAgeMs: plan.spec.maxEventAge,
      maxClockSkewMs: plan.spec.maxClockSkew,
    };
    this.#clients = Array.from(
      { length: plan.clients },
      (_, index) => new SimulatedClient(random.fork(`client ${index}`), shape),
    );
  }

  /** Runs it to its end: every request sent, the region at rest. Throws BrokenPromise when a checker finds something. */
  async run(): Promise<WorldReport> {
    while (this.#left > 0) await this.#live();
    this.#spareDisk();
    const process = await this.#start();
    if (process === undefined)
      throw new BrokenPromise('the region does not start, though the disk is well again');
    await this.#check(process.region!);
    await this.#idle(process);
    await this.#close(process);
    return {
      lives: this.#lives,
      crashes: this.#crashes,
      failures: this.#failures,
      acknowledged: this.ledger.acknowledgements,
      ordersAcknowledged: this.orderLedger.acknowledgements,
      operations: this.disk.operations,
    };
  }

  /** After a last request the region is left alone until it does nothing more: nothing it has taken in is in doubt. */
  async #idle(process: RegionProcess): Promise<void> {
    this.ledger.sent(LAST_REQUEST);
    const receipt = await this.clock.run(process.region!.ingest(LAST_REQUEST, 'ndjson'));
    this.ledger.acknowledged(LAST_REQUEST, receipt);
    while (await this.clock.step());
    const rest = await this.#rest(process.region!);
    for (const checker of this.#checkers) await this.#hold(checker, () => checker.atRest?.(rest));
    for (const checker of this.#checkers) await this.#hold(checker, () => checker.ended?.(rest));
  }

  /** One life of the region's process. */
  async #live(): Promise<void> {
    const process = await this.#start();
    if (process === undefined) return;
    const region = process.region!;
    await this.#check(region);
    const serving: Serving = { restart: false, outstanding: 0 };
    for (const client of this.#clients) this.#letIn(client, process, serving);
    const isOver = (): boolean => serving.restart || (this.#left <= 0 && serving.outstanding === 0);
    while (process.isAlive && process.failure === undefined && !isOver()) {
      const moved = await this.clock.step();
      if (moved || isOver() || process.failure !== undefined) continue;
      throw new BrokenPromise('nothing happens, though requests are not answered');
    }
    if (process.isAlive && process.failure === undefined) await this.#close(process);
    await this.#bury(process);
  }

  /** Starts a process; undefined when it died or gave up, which only a crash or a failing disk may cause. */
  async #start(): Promise<RegionProcess | undefined> {
    if (++this.#lives % STARTS_MAX === 0) this.#spareDisk();
    const { disk, clock } = this;
    const spec = this.#nextSpec();
    const process = new RegionProcess({ disk, clock, entropy: this.#entropy, spec });
    if (await process.start()) return process;
    await this.#bury(process);
    return undefined;
  }

  async #close(process: RegionProcess): Promise<void> {
    const region = process.region!;
    const progress = { isOver: false };
    const over = (): void => {
      progress.isOver = true;
    };
    region.close().then(over, over);
    while (process.isAlive && !progress.isOver) {
      const moved = await this.clock.step();
      if (!moved && !progress.isOver) throw new BrokenPromise('close() stands still');
    }
  }

  /** Waits for a failed process to be gone, kills one that lives, and takes the power away when that is its death. */
  async #bury(process: RegionProcess): Promise<void> {
    if (process.failure !== undefined && process.isAlive) await this.#letExit(process);
    const hadCrashed = this.disk.crashedAt !== undefined;
    if (hadCrashed) this.#crashes++;
    process.die();
    const death = this.#plan.deaths?.[this.#deaths++] ?? this.#fate.pick(DEATHS);
    if (death === 'killed') this.disk.kill();
    else this.disk.losePower(death);
    if (process.region !== undefined) {
      for (const checker of this.#checkers) await this.#hold(checker, () => checker.died?.(process.region!));
    }
    if (process.failure !== undefined && !hadCrashed) this.#expectExcuse(process);
  }

  async #letExit(process: RegionProcess): Promise<void> {
    const goneAtMs = this.clock.monotonicMs() + this.#fate.fraction() * EXIT_MS_MAX;
    while (process.isAlive && this.clock.monotonicMs() < goneAtMs) if (!(await this.clock.step())) return;
  }

  #expectExcuse(process: RegionProcess): void {
    this.#failures++;
    if (process.failureCode === 'disk_failed') return;
    throw new BrokenPromise(`the region stopped by itself: ${process.failure!.stack}`);
  }

  #spareDisk(): void {
    if (this.disk.plan instanceof SeededPlan) this.disk.plan.quiet = true;
    else this.disk.plan = CALM;
  }

  #nextSpec(): PipelineSpec {
    if (!this.#random.chance(this.#plan.hazards.newRules)) return this.#spec;
    const maxClockSkew = this.#random.pick([0, MINUTE_MS, HOUR_MS]);
    const requiredFields = this.#random.chance(0.5)
      ? this.#plan.spec.requiredFields
      : [...this.#plan.spec.requiredFields, 'costMicros' as const];
    this.#spec = { ...this.#spec, maxClockSkew, requiredFields };
    return this.#spec;
  }

  /** A client sends, waits for the answer, pauses, and so on. */
  #letIn(client: SimulatedClient, process: RegionProcess, serving: Serving): void {
    this.clock.schedule(client.pauseMs(), () => {
      if (!process.isAlive || this.#left <= 0 || serving.restart) return;
      // What a failed region refuses until it is gone does not count: the world is about what it takes in.
      if (process.failure === undefined) this.#left--;
      serving.restart ||= this.#random.chance(this.#plan.hazards.restart);
      this.#haunt(process);
      void this.#sendAndGoOn(client, process, serving);
    });
  }

  async #sendAndGoOn(client: SimulatedClient, process: RegionProcess, serving: Serving): Promise<void> {
    serving.outstanding++;
    await this.#send(client, process);
    if (!process.isAlive) return;
    serving.outstanding--;
    this.#letIn(client, process, serving);
  }

  /** Sends the client's next request and waits for the answer, which may never come: then the client knows at the death. */
  async #send(client: SimulatedClient, process: RegionProcess): Promise<void> {
    const request = client.next(this.clock.now());
    const { body } = request;
    const ledger = request.of === 'orders' ? this.orderLedger : this.ledger;
    ledger.sent(body);
    const forget = process.whenDead(() => client.unanswered(request));
    try {
      const acknowledge = await this.#ingest(process.region!, request);
      if (!process.isAlive) return;
      acknowledge();
      client.answered(request);
    } catch (error) {
      if (!process.isAlive) return;
      const code = error instanceof AdtallyError ? error.code : 'internal';
      if (NOTHING_COUNTED.has(code)) ledger.refused(body);
      if (code !== 'too_large') client.unanswered(request);
    }
    forget();
  }

  /** Returns how to write down that the answer was heard. */
  async #ingest(region: Region, { of, body, format }: SimulatedRequest): Promise<() => void> {
    if (of === 'orders') {
      const receipt = await region.ingestOrders(body, format);
      return () => this.orderLedger.acknowledged(body, receipt);
    }
    const receipt = await region.ingest(body, format);
    return () => this.ledger.acknowledged(body, receipt);
  }

  /** Things that happen beside the traffic. */
  #haunt(process: RegionProcess): void {
    const random = this.#random;
    const region = process.region!;
    const { clockJump, snapshot, replay, answer, hour } = this.#plan.hazards;
    if (random.chance(clockJump)) this.clock.jump(random.pick(CLOCK_JUMPS));
    // What goes wrong with these shows in region.failed.
    if (random.chance(snapshot)) region.snapshot().catch(() => undefined);
    if (random.chance(replay)) this.#replay(region).catch(() => undefined);
    if (this.#hours.chance(hour)) this.clock.jump(HOUR_JUMP_MS);
    const hasService = this.#spec.enrichment.url !== '';
    if (hasService && this.#orderService.speaks(answer)) this.#answer(process).catch(() => undefined);
    if (random.chance(0.3)) this.clock.schedule(random.fraction() * 20, () => this.#observe(process));
  }

  #answer(process: RegionProcess): Promise<void> {
    return this.#orderService.answer(process.region!, this.clock.now(), () => process.isAlive);
  }

  async #replay(region: Region): Promise<void> {
    const { entries } = await region.quarantine({ limit: 3 });
    await region.replayQuarantine(entries.map(({ id }) => id));
  }

  #observe(process: RegionProcess): void {
    if (!process.isAlive) return;
    for (const checker of this.#checkers) void checker.observed?.(process.region!);
  }

  /** Holds a region at rest to every promise. */
  async #check(region: Region): Promise<void> {
    const rest = await this.#rest(region);
    for (const checker of this.#checkers) await this.#hold(checker, () => checker.atRest?.(rest));
  }

  async #rest(region: Region): Promise<RegionAtRest> {
    return {
      region,
      truth: await readTruth(this.disk, REGION_NAME),
      ledger: this.ledger,
      orderLedger: this.orderLedger,
      answerLedger: this.answerLedger,
      again: await this.#open(this.disk.copy()),
      copyDisk: () => this.disk.copy(),
      copyWholeLog: () => withRetiredSegments(this.disk),
      open: (disk) => this.#open(disk),
    };
  }

  async #open(disk: SimulatedDisk): Promise<Region> {
    const clock = new SimulatedClock(this.clock.now());
    const entropy = this.#entropy.fork('copy');
    const process = new RegionProcess({ disk, clock, entropy, spec: this.#spec });
    if (await process.start()) return process.region!;
    throw process.failure ?? new BrokenPromise('the region does not open on a copy of its disk');
  }

  async #hold(checker: Checker, look: () => void | Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (error instanceof BrokenPromise) error.message = `${checker.name}: ${error.message}`;
      throw error;
    }
  }
}
