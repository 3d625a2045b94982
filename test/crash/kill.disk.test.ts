import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFailed, test } from 'vitest';
import { Random } from '../../src/generator/random.ts';
import { Client, type Address } from './client.ts';
import { drawMoment, killAt, type Moment } from './killer.ts';
import { Ledger } from './ledger.ts';
import { OrderClient } from './order-client.ts';
import { recount, type Recount } from './recount.ts';
import { RegionProcess } from './region-process.ts';
import { ordersOf, readServed, recordsOf, type Served } from './served.ts';

const KILLS = Number(process.env['ADTALLY_KILLS'] ?? 50);
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 4;

/** Kills the region again and again while clients send; brings it back each time. */
class Ordeal implements Address {
  readonly #directory: string;
  readonly #random: Random;
  readonly moments = new Map<Moment, number>();
  #region: RegionProcess;
  /** How long a start takes, ms. */
  #startMs = 500;

  constructor(directory: string, random: Random) {
    this.#directory = directory;
    this.#random = random;
    this.#region = new RegionProcess(directory);
  }

  async current(): Promise<string> {
    for (;;) {
      const url = await this.#region.url;
      if (url !== undefined) return url;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async run(kills: number, wrong: AbortSignal): Promise<void> {
    for (let kill = 0; kill < kills && !wrong.aborted; kill++) {
      const moment = kill === 0 ? 'busy' : drawMoment(this.#random);
      this.moments.set(moment, (this.moments.get(moment) ?? 0) + 1);
      const region = this.#region;
      this.#startMs = await killAt(moment, region, this.#directory, this.#random, this.#startMs);
      this.#region = new RegionProcess(this.#directory);
    }
  }

  /** Kills the region, starts it anew and reads what it serves. */
  async killAndServe(): Promise<Served> {
    await this.#region.kill();
    if (!existsSync(join(this.#directory, 'LOCK'))) throw new Error('a killed process leaves its lock');
    return this.#serveAgain();
  }

  /** Stops the region cleanly, starts it anew and reads what it serves. */
  async stopAndServe(): Promise<Served> {
    await this.stop();
    return this.#serveAgain();
  }

  async stop(): Promise<void> {
    this.#region.askToStop();
    const { code, stderr } = await this.#region.exit;
    if (code !== 0) throw new Error(`a clean stop ended with ${code}: ${stderr}`);
  }

  async end(): Promise<void> {
    await this.#region.kill();
  }

  async #serveAgain(): Promise<Served> {
    this.#region = new RegionProcess(this.#directory);
    return readServed(await this.current());
  }
}

interface Clients {
  readonly events: readonly Client[];
  readonly orders: OrderClient;
}

/** Clients send while the region is killed; returns when the region is up and every request acknowledged. */
async function sendThrough(ordeal: Ordeal, ledger: Ledger): Promise<Clients> {
  const names = Array.from({ length: CLIENTS }, (_, number) => `c${number}`);
  const clients = names.map(
    (name, number) => new Client(name, new Random(SEED + 1 + number), ledger, ordeal),
  );
  const orders = new OrderClient('order', new Random(SEED + 1000), ordeal);
  const stop = new AbortController();
  const wrong = new AbortController();
  const working = [...clients, orders].map((client) =>
    client.run(stop.signal).catch((error: unknown) => wrong.abort(error)),
  );
  await ordeal.run(KILLS, wrong.signal);
  stop.abort();
  await Promise.all(working);
  wrong.signal.throwIfAborted();
  return { events: clients, orders };
}

/** What was served of orders is what the oracle makes of the log, and the latest version of each order that was sent. */
function expectOrders(served: Served, truth: Recount['orders'], { orders }: OrderClient): void {
  const given = ordersOf(served);
  for (const record of truth.values()) expect(given.get(record.recordId)).toMatchObject(record);
  expect(given.size, 'one record an order, by the last touch').toBe(truth.size);
  expect(new Set([...truth.values()].map(({ orderId }) => orderId))).toEqual(new Set(orders.keys()));
  for (const { orderId, orderVersion } of given.values()) {
    expect(orders.get(orderId)).toMatchObject({ orderVersion });
  }
  const outcomes = new Set([...given.values()].map(({ outcome }) => outcome));
  expect(outcomes).toEqual(new Set(['attributed', 'unattributed']));
}

test(
  `counts every acknowledged event once through ${KILLS} kills`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'adtally-kill-'));
    onTestFailed(() => {
      const run = `ADTALLY_SEED=${SEED} ADTALLY_KILLS=${KILLS} npx vitest run test/crash/kill.disk.test.ts`;
      process.stderr.write(`The data is in ${directory}. To try again: ${run}\n`);
    });
    const ledger = new Ledger();
    const ordeal = new Ordeal(directory, new Random(SEED));
    try {
      const { events, orders } = await sendThrough(ordeal, ledger);
      const lost = events.reduce((sum, { attemptsLost }) => sum + attemptsLost, 0);
      const moments = [...ordeal.moments].map(([moment, count]) => `${count} ${moment}`).join(', ');
      process.stderr.write(
        `${KILLS} kills (${moments}), ${ledger.sent.length} events, ${orders.orders.size} orders, ${lost} attempts lost, seed ${SEED}\n`,
      );
      expect(lost, 'the kills hit requests under way').toBeGreaterThan(0);
      expect(ledger.acknowledged.length).toBe(ledger.sent.length);

      const served = await readServed(await ordeal.current());
      const truth = ledger.records('a');
      expect(recordsOf(served)).toEqual(truth);
      const audit = JSON.parse(served.audit) as { balanced: boolean; verdicts: { counted: number } };
      expect(audit).toMatchObject({ balanced: true, verdicts: { counted: ledger.sent.length } });

      expect(await ordeal.killAndServe(), 'after a kill').toEqual(served);
      expect(await ordeal.stopAndServe(), 'after a clean stop').toEqual(served);
      await ordeal.stop();
      const counted = await recount(directory);
      expect(counted.records, 'the recount of the log').toEqual(truth);
      expectOrders(served, counted.orders, orders);
    } finally {
      await ordeal.end();
    }
    await rm(directory, { recursive: true });
  },
  60_000 + KILLS * 10_000,
);
