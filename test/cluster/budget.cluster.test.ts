import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openKafkaAdmin } from '../../src/adapters/kafka/kafka-admin.ts';
import { PostgresChargingStore } from '../../src/adapters/postgres/budget/charging-store.ts';
import { PostgresDatabase } from '../../src/adapters/postgres/postgres-database.ts';
import { MINUTE_MS } from '../../src/base/units.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { NaiveLedger } from '../budget/naive-ledger.ts';
import { Workplace, type Started } from '../cli/adtally-process.ts';
import { expectLedgerOf } from './budget/ledger-check.ts';
import { RandomRecords } from './budget/random-records.ts';
import { KafkaBroker } from './kafka/kafka-broker.ts';
import { LoadTopics } from './load-topics.ts';
import { isWithoutPostgres, PostgresServer } from './postgres/postgres-server.ts';

const SEED = process.env['BUDGET_SEED'] ?? String(Date.now());
const ROUNDS = Number(process.env['BUDGET_ROUNDS'] ?? 40);
const TOPIC = 'a.load.ad-minutes';
const WAIT = { timeout: 90_000, interval: 250 };

interface Line {
  readonly url: string;
}

describe.skipIf(isWithoutPostgres)(`the budget service of a cluster (BUDGET_SEED=${SEED})`, () => {
  const random = new SeededRandom(SEED);
  const place = new Workplace();
  let broker: KafkaBroker;
  let server: PostgresServer;
  let topics: LoadTopics;
  let database: PostgresDatabase;
  const services: Started<Line>[] = [];

  beforeAll(async () => {
    [broker, server] = await Promise.all([KafkaBroker.start(), PostgresServer.start()]);
    topics = new LoadTopics(broker.address, 'a');
    await topics.open();
    database = new PostgresDatabase({ url: server.url, name: 'test', connections: 4 });
    for (let index = 0; index < 3; index++) services.push(await startService());
  }, 120_000);

  afterAll(async () => {
    await topics.close();
    await database.close();
    await place.remove();
    await Promise.all([broker.remove(), server.remove()]);
  }, 60_000);

  /** It does not start while PostgreSQL is away. */
  async function startService(): Promise<Started<Line>> {
    const where = ['--kafka', broker.address, '--postgres', server.url, '--data', `${place.folder}/budget`];
    return place.start<Line>(['budget', 'serve', ...where, '--regions', 'a,b', '--port', '0']);
  }

  async function get<Answer>(path: string, service = services[0]): Promise<Answer> {
    const answer = await fetch(`${service.first.url}${path}`);
    return (await answer.json()) as Answer;
  }

  /** Until everything that was committed is charged: no partition has a committed message behind its position. */
  async function untilCharged(records: RandomRecords): Promise<void> {
    const admin = await openKafkaAdmin({ brokers: [broker.address], clientId: 'test' });
    try {
      await vi.waitFor(async () => {
        const positions = await new PostgresChargingStore(database).positions(TOPIC);
        expect(positions).toHaveLength((await admin.offsets(TOPIC)).length);
        await expectLedgerOf(records.given, database);
      }, WAIT);
    } finally {
      await admin.close();
    }
  }

  test('charges what is committed, once, though its processes and PostgreSQL are killed and stopped', async () => {
    const now = Date.now();
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    // All within the day, whenever the test runs.
    const records = new RandomRecords(random, minute);
    const spring = {
      advertiserId: 'acme',
      currency: 'EUR',
      dailyBudgetMicros: 1,
      timezone: 'UTC',
      start: now - 1000,
    };
    const put = await fetch(`${services[0].first.url}/v1/campaigns/spring`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(spring),
    });
    expect(put.status).toBe(200);
    const kills = { service: 0, stop: 0, postgres: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      await topics.send(
        'ad-minutes',
        new RandomRecords(random.fork(`aborted ${round}`), minute).take(50),
        'abort',
      );
      await topics.send('ad-minutes', records.take(random.between(1, 400)));
      const at = random.below(services.length);
      const what = random.weighted({ nothing: 5, service: 3, stop: 1, postgres: 1 });
      if (what === 'service') {
        services[at].signal('SIGKILL');
        services[at] = await startService();
      } else if (what === 'stop') {
        // Long enough that another one takes over from it.
        services[at].signal('SIGSTOP');
        await sleep(7000);
        services[at].signal('SIGCONT');
      } else if (what === 'postgres') {
        await server.kill();
        await sleep(random.between(0, 1500));
        await server.startAgain();
      }
      if (what !== 'nothing') kills[what]++;
      await sleep(random.between(0, 300));
    }
    console.log(
      `rounds ${ROUNDS}, records ${records.given.length}, killed or stopped ${JSON.stringify(kills)}`,
    );
    await untilCharged(records);

    // Every process serves the same, and it is what a naive sum says.
    const naive = new NaiveLedger();
    for (const record of records.given) naive.take(record);
    const spent = naive.records
      .filter(({ campaignId, currency }) => campaignId === 'spring' && currency === 'EUR')
      .reduce((sum, { costMicros }) => sum + costMicros, 0);
    for (const service of services) {
      expect(await get('/v1/campaigns/spring/budget', service)).toMatchObject({
        spentMicros: spent,
        state: 'exhausted',
      });
    }
    const charging = await Promise.all(
      services.map(
        async ({ first: { url } }) =>
          /^adtally_budget_charging (\d)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1],
      ),
    );
    expect(charging.filter((is) => is === '1')).toHaveLength(1);
    // No process died by itself, and each ends in good order.
    for (const service of services) service.signal('SIGTERM');
    for (const service of services) expect((await service.ended).exit).toBe(0);
  }, 600_000);
});
