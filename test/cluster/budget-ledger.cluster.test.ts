import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { campaignAttributes } from '../../src/adapters/postgres/budget/campaign-attributes.ts';
import { PostgresCampaignStore } from '../../src/adapters/postgres/budget/campaign-store.ts';
import { PostgresChargingStore } from '../../src/adapters/postgres/budget/charging-store.ts';
import { prepareBudgetSchema } from '../../src/adapters/postgres/budget/schema.ts';
import { PostgresDatabase, type Statement } from '../../src/adapters/postgres/postgres-database.ts';
import { AdtallyError } from '../../src/base/errors.ts';
import { DAY_MS } from '../../src/base/units.ts';
import type { Budget } from '../../src/budget/budget.ts';
import type { AppliedPage } from '../../src/budget/ledger.ts';
import { Charger } from '../../src/cluster/budget/charger.ts';
import { ClusterDesk } from '../../src/cluster/budget/cluster-desk.ts';
import { applyLoadRecords } from '../../src/cluster/budget/load-records.ts';
import type { ChargingStore, Lease } from '../../src/cluster/budget/ports.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { adMinute } from '../budget/feed-script.ts';
import { expectLedgerOf } from './budget/ledger-check.ts';
import { RandomRecords } from './budget/random-records.ts';
import { ScriptedTopic } from './budget/scripted-topic.ts';
import { isWithoutPostgres, PostgresServer } from './postgres/postgres-server.ts';

const SEED = process.env['LEDGER_SEED'] ?? String(Date.now());
const WAIT = { timeout: 60_000, interval: 100 };
const CAMPAIGN = {
  advertiserId: 'acme',
  currency: 'EUR',
  dailyBudgetMicros: 10_000,
  timezone: 'Europe/Paris',
  start: '2026-01-01T00:00:00Z',
};

describe.skipIf(isWithoutPostgres)(`the ledger in PostgreSQL (LEDGER_SEED=${SEED})`, () => {
  let server: PostgresServer;
  let database: PostgresDatabase;
  const sql: Statement = (...statement) => database.read((read) => read(...statement));
  const open: { close(): Promise<void> }[] = [];
  const random = new SeededRandom(SEED);

  beforeAll(async () => {
    server = await PostgresServer.start();
    database = new PostgresDatabase({ url: server.url, name: 'test', connections: 10 });
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    await sql`DROP SCHEMA IF EXISTS adtally CASCADE`;
  });

  afterAll(async () => {
    await database.close();
    await server.remove();
  });

  function startCharger(source: ScriptedTopic, holder: string, store?: ChargingStore): Charger {
    const charger = new Charger({
      store: store ?? new PostgresChargingStore(database),
      source,
      region: 'a',
      regions: ['a', 'b'],
      holder,
      retentionMs: DAY_MS,
      clock: nodeClock,
    });
    open.push(charger);
    return charger;
  }

  function openDesk(): ClusterDesk {
    const store = new PostgresCampaignStore(database);
    const desk = new ClusterDesk({
      store,
      region: 'a',
      clock: nodeClock,
      feed: () => {
        throw new Error('not asked');
      },
    });
    open.push(desk);
    return desk;
  }

  /** Until both partitions are charged to their ends. */
  async function untilCharged(topic: ScriptedTopic): Promise<void> {
    await vi.waitFor(async () => {
      const kept = new Map(
        (await new PostgresChargingStore(database).positions(topic.topic)).map(({ partition, next }) => [
          partition,
          next,
        ]),
      );
      for (const { partition, lastStable } of await topic.offsets())
        expect([partition, kept.get(partition) ?? 0n]).toEqual([partition, lastStable]);
    }, WAIT);
  }

  test('is made once, however many begin at a time, and one of another version is refused', async () => {
    await Promise.all(Array.from({ length: 5 }, () => prepareBudgetSchema(database)));
    await sql`UPDATE adtally.budget_format SET format = '99'`;
    await expect(prepareBudgetSchema(database)).rejects.toMatchObject({ code: 'data_format' });
  });

  test('is that of a naive one, though every third transaction fails at the begin, within or after its commit, and processes come and go', async () => {
    await prepareBudgetSchema(database);
    const topic = new ScriptedTopic();
    const faults = { chance: 1 };
    topic.mayFail = () => {
      if (random.chance(0.05 * faults.chance)) throw new Error('the reader failed');
    };
    const records = new RandomRecords(random, Date.UTC(2026, 0, 31, 12));
    const chargers = ['one', 'two', 'three'].map((name) =>
      startCharger(topic, name, failing(new PostgresChargingStore(database), random, faults)),
    );
    for (let round = 0; round < 30; round++) {
      topic.append(records.take(random.between(1, 200)));
      await sleep(random.between(0, 60));
      if (random.chance(0.1)) {
        const at = random.below(chargers.length);
        await chargers[at].close();
        chargers[at] = startCharger(
          topic,
          `again ${round}`,
          failing(new PostgresChargingStore(database), random, faults),
        );
      }
    }
    faults.chance = 0;
    await untilCharged(topic);
    await expectLedgerOf(records.given, database);
    expect(chargers.filter((charger) => charger.isCharging)).toHaveLength(1);
  }, 120_000);

  test('goes on from its begin in a topic that was made anew, and charges nothing twice', async () => {
    await prepareBudgetSchema(database);
    const topic = new ScriptedTopic();
    const records = new RandomRecords(random, Date.UTC(2026, 0, 31, 12));
    topic.append(records.take(300));
    const first = startCharger(topic, 'first');
    await untilCharged(topic);
    await first.close();
    topic.clear();
    topic.append(records.given.slice(0, 20));
    topic.append(records.take(30));
    const second = startCharger(topic, 'second');
    await untilCharged(topic);
    await expectLedgerOf(records.given, database);
    expect(second.status().restartedAt).not.toBeNull();
  });

  test('goes on past what is no record, and says what that was', async () => {
    await prepareBudgetSchema(database);
    const topic = new ScriptedTopic();
    topic.appendText('{');
    topic.append([
      adMinute({ region: 'z' }),
      { ...adMinute(), recordId: adMinute({ adId: 'other' }).recordId },
    ]);
    topic.append([adMinute({ campaignId: 'null\0' }), adMinute({ adId: 'half \ud800' })]);
    topic.append([adMinute()]);
    const charger = startCharger(topic, 'one');
    await untilCharged(topic);
    await expectLedgerOf([adMinute()], database);
    await vi.waitFor(() => expect(charger.status()).toMatchObject({ charged: 1, refused: 5 }));
  });

  test('is charged by one at a time: who stood still charges and announces nothing when it comes back', async () => {
    await prepareBudgetSchema(database);
    const store = new PostgresChargingStore(database);
    const old = (await store.takeLease('old'))!;
    expect(await store.takeLease('new')).toBeUndefined();
    await sql`UPDATE adtally.charger SET until = clock_timestamp() - interval '1 ms'`;
    const next = (await store.takeLease('new'))!;
    expect(await charge(store, old, 1000)).toBeUndefined();
    expect(await store.look(old, Date.now(), LOOK)).toBeUndefined();
    expect(await store.closeEntries(old, Date.now(), 10)).toBeUndefined();
    await expectLedgerOf([], database);
    expect(await charge(store, next, 2000)).toMatchObject({ charged: 1 });
    // The old one gives back what is not its own any more.
    await store.giveBack(old);
    expect(await store.takeLease('third')).toBeUndefined();
    await expectLedgerOf([adMinute({ costMicros: 2000 })], database);
  });

  test('is free again when a process stands still in the middle of a transaction, which then comes to nothing', async () => {
    await prepareBudgetSchema(database);
    const store = new PostgresChargingStore(database);
    const lease = (await store.takeLease('still'))!;
    const held = database.transaction(async (transaction) => {
      await transaction`UPDATE adtally.charger SET until = clock_timestamp() + interval '1 ms' WHERE epoch = ${lease.epoch}`;
      await transaction`INSERT INTO adtally.spend VALUES ('spring', 0, 'EUR', 1)`;
      await sleep(8000);
      await transaction`SELECT 1`;
    });
    const outcome = held.then(
      () => 'committed',
      (error: { code: string }) => error.code,
    );
    await sleep(100);
    await vi.waitFor(async () => expect(await store.takeLease('next')).toBeDefined(), WAIT);
    expect(await outcome).toBe('cluster_unreachable');
    await expectLedgerOf([], database);
  }, 30_000);

  test('tells every process of a state once, in the order of the changes', async () => {
    await prepareBudgetSchema(database);
    const topic = new ScriptedTopic();
    startCharger(topic, 'one');
    startCharger(topic, 'two');
    const desks = [openDesk(), openDesk()];
    const heard: string[][] = desks.map(() => []);
    for (const [at, desk] of desks.entries()) {
      desk.onStateChange(({ campaignId, state, spentMicros }: Budget) =>
        heard[at].push(`${campaignId} ${state} ${spentMicros}`),
      );
    }
    await sleep(1000);
    const all = (news: readonly string[]): Promise<void> =>
      vi.waitFor(() => expect(heard).toEqual([news, news]), WAIT);
    const now = Date.now();
    await desks[0].book.putCampaign('spring', CAMPAIGN, now);
    await all(['spring active 0']);
    const minute = Math.floor(now / 60_000) * 60_000;
    topic.append([adMinute({ minute, costMicros: 9999 })]);
    await untilCharged(topic);
    topic.append([adMinute({ minute, revision: 2, costMicros: 10_000 })]);
    await all(['spring active 0', 'spring exhausted 10000']);
    // It falls again: the other region had counted what it takes back.
    topic.append([adMinute({ minute, revision: 3, costMicros: 5000 })]);
    await all(['spring active 0', 'spring exhausted 10000', 'spring active 5000']);
    expect(await desks[1].book.budget('spring', Date.now())).toMatchObject({
      spentMicros: 5000n,
      remainingMicros: 5000n,
    });
    expect(await desks[0].book.entries('spring', 10)).toMatchObject([
      { amountMicros: -5000 },
      { amountMicros: 1 },
      { amountMicros: 9999 },
    ]);
    await expect(desks[0].book.campaign('spring', 'somebody')).rejects.toMatchObject({
      code: 'unknown_campaign',
    });
    expect(await desks[0].book.entries('spring', 10, undefined, 'acme')).toHaveLength(3);
  }, 60_000);

  test('tells what campaigns can be grouped by, once there are any', async () => {
    expect(await campaignAttributes(database)).toEqual([]);
    await prepareBudgetSchema(database);
    const { book } = openDesk();
    await book.putCampaign('plain', CAMPAIGN, Date.now());
    await book.putCampaign('spring', { ...CAMPAIGN, placement: 'banner' }, Date.now());
    await book.putCampaign('summer', { ...CAMPAIGN, merchantId: 'm' }, Date.now());
    const found = await campaignAttributes(database);
    expect(found.toSorted((one, other) => (one.campaignId < other.campaignId ? -1 : 1))).toEqual([
      { campaignId: 'spring', merchantId: null, placement: 'banner' },
      { campaignId: 'summer', merchantId: 'm', placement: null },
    ]);
  });

  test('moves old entries into closing balances, whole postings, and the sums stay', async () => {
    await prepareBudgetSchema(database);
    const store = new PostgresChargingStore(database);
    const lease = (await store.takeLease('one'))!;
    for (const revision of [1, 2, 3]) await charge(store, lease, revision * 2 ** 40, revision);
    expect(await store.closeEntries(lease, Date.now() + 1, 3)).toBe(4);
    expect(await store.closeEntries(lease, Date.now() + 1, 3)).toBe(2);
    expect(await store.closeEntries(lease, Date.now() + 1, 3)).toBe(0);
    await expectLedgerOf([adMinute({ revision: 3, costMicros: 3 * 2 ** 40 })], database);
    expect(await new PostgresCampaignStore(database).closings('campaign:spring')).toMatchObject([
      { counterAccount: 'advertiser:acme', micros: 3n * 2n ** 40n, entries: 3 },
    ]);
  });
});

const LOOK: Parameters<ChargingStore['look']>[2] = {
  dayOf: () => ({ date: '2026-01-31', start: 0, end: 1 }),
  stateOf: () => ({ state: 'active', until: 1 }),
};

/** Charges one record through the rules. */
function charge(
  store: ChargingStore,
  lease: Lease,
  costMicros: number,
  revision = 1,
): Promise<AppliedPage | undefined> {
  const record = adMinute({ costMicros, revision });
  const position = { partition: 0, next: BigInt(revision), restartedAt: null };
  const now = Date.now();
  const batch = { topic: 'a.load.ad-minutes', position, recordIds: [record.recordId], now };
  return store.charge(lease, batch, (ledger) =>
    applyLoadRecords(ledger, { records: [record], refused: [] }, now),
  );
}

/** A third of the charges fail: before anything is done, in the middle, or when all is kept. */
function failing(
  store: ChargingStore,
  random: SeededRandom,
  faults: { readonly chance: number },
): ChargingStore {
  return {
    takeLease: (holder) => store.takeLease(holder),
    giveBack: (lease) => store.giveBack(lease),
    positions: (topic) => store.positions(topic),
    look: (...given) => store.look(...given),
    closeEntries: (...given) => store.closeEntries(...given),
    async charge(lease, batch, apply) {
      const failure = new AdtallyError('cluster_unreachable', 'as the test has it');
      const where = random.weighted({
        nowhere: 6,
        before: faults.chance,
        within: faults.chance,
        after: faults.chance,
      });
      if (where === 'before') throw failure;
      const applied = await store.charge(lease, batch, (ledger) => {
        const page = apply(ledger);
        if (where === 'within') throw failure;
        return page;
      });
      if (where === 'after') throw failure;
      return applied;
    },
  };
}
