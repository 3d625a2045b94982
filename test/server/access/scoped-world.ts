import { setTimeout as sleep } from 'node:timers/promises';
import { ReportingService } from '../../../src/cli/union-load/reporting-service.ts';
import { MIB } from '../../../src/base/units.ts';
import { Random } from '../../../src/generator/random.ts';
import { reportsStatus } from '../../../src/server/openapi/report-schemas.ts';
import { keyStoreOf } from '../../../src/server/keys.ts';
import type { Reports } from '../../../src/reporting/reports.ts';
import { type TestServer, event, openTestServer } from '../server-fixture.ts';
import { type TestKey, makeKey } from '../test-keys.ts';

/** In every id of others; nothing of theirs may be seen, so this may not either. */
export const FOREIGN = 'ZZFOREIGN';
export const OWN = 'mine';
/** Ids that a careless comparison would take for `mine`. */
export const LOOK_ALIKES = [
  'Mine',
  'mine ',
  ' mine',
  'mıne',
  'ｍine',
  'mine\u200b',
  'min',
  'mine2',
  'mine%00',
  'mi\u0301ne',
];

/** Figures as a naive reader of the events sums them. */
export interface Sums {
  impressions: number;
  clicks: number;
  costMicros: number;
}

/** A region with two advertisers' events and campaigns, and one key of each role. */
export interface ScopedWorld {
  readonly server: TestServer;
  readonly advertiser: TestKey;
  readonly operator: TestKey;
  readonly publisher: TestKey;
  /** Of the advertiser's own events. */
  readonly own: Sums;
  /** Of those that name its campaign, too. */
  readonly ownInOwnCampaign: Sums;
}

export async function openScopedWorld(seed: number): Promise<ScopedWorld> {
  const advertiser = makeKey('advkey', 'advertiser', OWN);
  const operator = makeKey('opskey', 'operator');
  const publisher = makeKey('pubkey', 'publisher');
  const keys = keyStoreOf([advertiser.record, operator.record, publisher.record]);
  // The store is known after the server that it reads.
  const started = Promise.withResolvers<ReportingService>();
  const reports: Reports = {
    figures: async (query, format) => (await started.promise).figures(query, format),
    sql: async (query) => (await started.promise).sql(query),
    records: async (query) => (await started.promise).records(query),
    status: async () => (await started.promise).status(),
  };
  const opened = await openTestServer({
    keys,
    reports,
    config: { attribution: { merchantMatch: 'any', models: ['linear'] } },
  });
  const server: TestServer = {
    ...opened,
    async close() {
      await (await started.promise).close();
      await opened.close();
    },
  };
  const own = { impressions: 0, clicks: 0, costMicros: 0 };
  const ownInOwnCampaign = { impressions: 0, clicks: 0, costMicros: 0 };
  const random = new Random(seed);
  const batch = Array.from({ length: 300 }, () => {
    const isOwn = random.below(2) === 0;
    const isOwnCampaign = random.below(4) > 0 === isOwn;
    const mark = isOwn ? OWN : FOREIGN;
    const campaignId = isOwnCampaign ? 'mine-campaign' : isOwn ? 'mine-unset' : `${FOREIGN}-campaign`;
    const eventType = random.below(5) === 0 ? 'click' : 'impression';
    const costMicros = random.below(10_000);
    for (const sums of isOwn ? (isOwnCampaign ? [own, ownInOwnCampaign] : [own]) : []) {
      sums[eventType === 'click' ? 'clicks' : 'impressions']++;
      sums.costMicros += costMicros;
    }
    const adId = `${mark}-ad-in-${isOwnCampaign ? 'own' : 'other'}-${random.below(5)}`;
    const userId = `${FOREIGN}-user-${random.below(20)}`;
    return event({
      eventType,
      costMicros,
      adId,
      campaignId,
      userId,
      advertiserId: isOwn ? OWN : `${FOREIGN}-adv`,
    });
  });
  batch.push(
    ...LOOK_ALIKES.map((advertiserId) =>
      event({ advertiserId, adId: `${FOREIGN}-like`, campaignId: `${FOREIGN}-like` }),
    ),
  );
  batch.push({ ...event(), adId: undefined, advertiserId: `${FOREIGN}-quarantined` });
  await send(server, operator, 'POST', '/v1/events', batch);
  const orders = Array.from({ length: 20 }, (_, n) => ({
    orderId: `${FOREIGN}-order-${n}`,
    orderVersion: 1,
    orderStatus: 'placed',
    orderTime: Date.now(),
    userId: `${FOREIGN}-user-${n}`,
    merchantId: `${FOREIGN}-merchant`,
    amountMicros: 1_000_000,
    currency: 'EUR',
  }));
  await send(server, operator, 'POST', '/v1/orders', orders);
  await putCampaign(server, operator, 'mine-campaign', OWN);
  await putCampaign(server, operator, `${FOREIGN}-campaign`, `${FOREIGN}-adv`);
  await server.budget.catchUp();
  started.resolve(startReporting(server, operator));
  while (!(await hasAll(server, operator))) await sleep(20);
  return { server, advertiser, operator, publisher, own, ownInOwnCampaign };
}

export function putCampaign(
  server: TestServer,
  key: TestKey,
  id: string,
  advertiserId: string,
  isPaused = false,
): Promise<void> {
  const start = '2026-01-01T00:00:00Z';
  const input = {
    advertiserId,
    currency: 'EUR',
    dailyBudgetMicros: 5_000_000_000,
    timezone: 'UTC',
    start,
    isPaused,
    merchantId: `${advertiserId}-shop`,
    placement: `${advertiserId}-page`,
  };
  return send(server, key, 'PUT', `/v1/campaigns/${id}`, input);
}

async function send(
  server: TestServer,
  key: TestKey,
  method: string,
  path: string,
  body: unknown,
): Promise<void> {
  const headers = { ...key.headers, 'content-type': 'application/json' };
  const response = await server.get(path, { method, headers, body: JSON.stringify(body) });
  if (response.status !== 200) throw new Error(`${method} ${path}: ${await response.text()}`);
  await response.body?.cancel();
}

function startReporting({ url, directory }: TestServer, { text: secret }: TestKey): ReportingService {
  const regions = [{ name: 'a', url, secret }];
  const options = { directory, memoryBytes: 128 * MIB, threads: 1, regions };
  return new ReportingService(options, (error) => {
    throw error;
  });
}

/** Whether the reporting store has all records and the campaigns. */
async function hasAll(server: TestServer, { headers }: TestKey): Promise<boolean> {
  const answer = await server.get('/v1/reports/status', { headers });
  const { feeds } = reportsStatus.parse(await answer.json());
  if (feeds.length === 0 || !feeds.every(({ caughtUp }) => caughtUp)) return false;
  const merchants = await server.get('/v1/reports/figures?by=merchant', { headers });
  return (await merchants.text()).includes('-shop');
}
