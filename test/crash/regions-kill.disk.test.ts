import { expect, onTestFailed, test } from 'vitest';
import { Random } from '../../src/generator/random.ts';
import { Workplace } from '../cli/adtally-process.ts';
import {
  budgetAudit,
  chargesDue,
  chargesOf,
  expectTruth,
  readOwn,
  rowsDue,
  strayRows,
  type Own,
} from './regions/pair-check.ts';
import {
  DoublingClient,
  FailoverClient,
  PairOrderClient,
  RestampingClient,
  type PairClient,
} from './regions/pair-clients.ts';
import { PairTruth } from './regions/pair-truth.ts';
import { RegionSide } from './regions/region-side.ts';

const KILLS = Number(process.env['ADTALLY_REGION_KILLS'] ?? 6);
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const WAIT = { timeout: 60_000, interval: 250 };

type Sides = readonly [RegionSide, RegionSide];

/** Clients send while one region or the other is killed; returns when both are up and all is acknowledged. */
async function sendThrough(sides: Sides, truth: PairTruth): Promise<number> {
  const random = new Random(SEED);
  const addresses = { a: { url: sides[0].url }, b: { url: sides[1].url } };
  const chance = (client: number): Random => new Random(SEED + client);
  const clients: readonly PairClient[] = [
    new FailoverClient('c1', 'a', chance(1), truth, addresses),
    new FailoverClient('c2', 'a', chance(2), truth, addresses),
    new FailoverClient('c3', 'b', chance(3), truth, addresses),
    new DoublingClient(chance(4), truth, addresses),
    new RestampingClient(chance(5), truth, addresses),
    new PairOrderClient(chance(6), truth, addresses),
  ];
  for (const side of sides) await side.up();
  const stop = new AbortController();
  const wrong = new AbortController();
  const working = clients.map((client) =>
    client.run(stop.signal).catch((error: unknown) => wrong.abort(error)),
  );
  for (let kill = 0; kill < KILLS && !wrong.signal.aborted; kill++) {
    const starting = kill > 0 && random.below(4) === 0;
    await sides[random.below(2)].killWithin(random.below(1500), { starting });
  }
  stop.abort();
  for (const side of sides) await side.up();
  await Promise.all(working);
  wrong.signal.throwIfAborted();
  return clients.reduce((sum, { resends }) => sum + resends, 0);
}

/** What both hold once they have heard each other. */
async function ownOnce(sides: Sides, truth: PairTruth): Promise<readonly [Own, Own]> {
  let owns: readonly [Own, Own] | undefined;
  const hold = async (): Promise<void> => {
    owns = [await readOwn(sides[0]), await readOwn(sides[1])];
    expectTruth(owns, truth);
  };
  await expect.poll(() => hold().then(() => 'the truth', String), WAIT).toBe('the truth');
  return owns!;
}

/** Both stores and the ledger of each region hold the records of both. */
async function expectSinks(sides: Sides, owns: readonly [Own, Own]): Promise<void> {
  const rows = rowsDue(owns);
  for (const side of sides) {
    for (const store of ['reporting', 'warehouse']) {
      await expect.poll(() => strayRows(side, store, rows), WAIT).toEqual([]);
    }
    const settled = {
      exact: true,
      recordsWaiting: 0,
      peers: [{ comparedWith: 'records', recordsWaiting: 0 }],
    };
    await expect.poll(() => budgetAudit(side), WAIT).toMatchObject(settled);
    expect(await chargesOf(side), `the ledger of ${side.name}`).toEqual(chargesDue(owns));
  }
}

async function expectExact(place: Workplace, sides: Sides): Promise<void> {
  const peer = ['audit', '--peer', '--data', sides[0].directory];
  for (const args of [peer, ...sides.map(({ directory }) => ['audit', '--data', directory])]) {
    const { exit, stdout, stderr } = await place.run(args);
    expect(stdout, `${args.join(' ')}: ${stderr}`).toMatch(/\nexact\n$/);
    expect(exit).toBe(0);
  }
}

test(
  `two regions hold one truth after ${KILLS} kills`,
  async () => {
    const place = new Workplace();
    let isWhole = false;
    onTestFailed(() => {
      const run = `ADTALLY_SEED=${SEED} ADTALLY_REGION_KILLS=${KILLS} npx vitest run test/crash/regions-kill`;
      process.stderr.write(`The data is in ${place.folder}. To try again: ${run}\n`);
    });
    const truth = new PairTruth();
    const sides = await RegionSide.both(place.folder);
    try {
      const resends = await sendThrough(sides, truth);
      process.stderr.write(
        `${KILLS} kills, ${truth.size} events (${truth.restamped.size} stamped anew), ${truth.orderCount} orders, ${resends} resends, seed ${SEED}\n`,
      );
      expect(resends, 'the kills hit requests under way').toBeGreaterThan(0);
      const owns = await ownOnce(sides, truth);
      await expectSinks(sides, owns);
      await expectExact(place, sides);

      for (const side of sides) await side.killAndStart();
      for (const side of sides) await side.up();
      expect([await readOwn(sides[0]), await readOwn(sides[1])], 'after a kill of both').toEqual(owns);
      await expectSinks(sides, owns);
      await expectExact(place, sides);
      isWhole = true;
    } finally {
      for (const side of sides) await side.kill();
    }
    if (isWhole) await place.remove();
  },
  240_000 + KILLS * 10_000,
);
