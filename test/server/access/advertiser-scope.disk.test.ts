import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { campaignList, ledgerPage } from '../../../src/server/openapi/budget-schemas.ts';
import { performanceReport } from '../../../src/server/openapi/order-schemas.ts';
import { figuresReport } from '../../../src/server/openapi/report-schemas.ts';
import { adMinuteReport } from '../../../src/server/openapi/schemas.ts';
import type { Route } from '../../../src/server/route.ts';
import { ROUTES } from '../../../src/server/routes.ts';
import { EventSource } from '../event-source.ts';
import { expectJson, expectProblem } from '../server-fixture.ts';
import { FOREIGN, LOOK_ALIKES, OWN, type ScopedWorld, openScopedWorld, putCampaign } from './scoped-world.ts';

interface BudgetNews {
  readonly campaignId: string;
  readonly state: string;
}

const SEED = Date.now() % 1_000_000;

/** What advertisers may call, and requests that try it: all that answer may show what is theirs only. */
const SCOPED: Readonly<Record<string, readonly string[]>> = {
  '/v1/ad-minutes': [
    '',
    '?granularity=minute',
    '?granularity=day&campaignId=mine-campaign',
    `?campaignId=${FOREIGN}-campaign`,
    `?adId=${FOREIGN}-ad-in-own-1`,
  ],
  '/v1/performance': [
    '',
    '?groupBy=campaign',
    '?groupBy=advertiser',
    `?campaignId=${FOREIGN}-campaign`,
    `?adId=${FOREIGN}-ad-in-other-1`,
  ],
  '/v1/reports/figures': [
    '',
    '?by=campaign&granularity=minute',
    '?by=advertiser&compare=previous',
    '?by=merchant',
    '?by=placement',
    '?format=csv',
    `?campaignId=${FOREIGN}-campaign`,
    `?merchantId=${FOREIGN}-adv-shop`,
    `?adId=${FOREIGN}-ad-in-other-1`,
  ],
  '/v1/campaigns': ['', '?limit=1', '?after=A'],
  '/v1/campaigns/:campaignId': [''],
  '/v1/campaigns/:campaignId/budget': [''],
  '/v1/campaigns/:campaignId/spend': [''],
  '/v1/campaigns/:campaignId/ledger': ['', '?limit=1000'],
  '/v1/budgets': ['', '?limit=1', '?after=A'],
  // A stream: what it tells has a test of its own below.
  '/v1/budgets/changes': [],
};

/** What shows nothing of any advertiser. */
const OPEN = new Set(['/', '/assets/*', '/client.js', '/v1/access', '/healthz', '/readyz']);

describe(`an advertiser (seed ${SEED})`, () => {
  let world: ScopedWorld;
  beforeAll(async () => {
    world = await openScopedWorld(SEED);
  });
  afterAll(() => world.server.close());

  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    world.server.get(path, { ...init, headers: { ...world.advertiser.headers } });

  test.for(ROUTES.filter(isListed))('gets an answer of $method $url', async (route) => {
    const response = await ask(pathOf(route, 'mine-campaign'));
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  test.for(ROUTES.filter((route) => !isListed(route)))('is refused by $method $url', async (route) => {
    const response = await ask(pathOf(route, 'mine-campaign'), { method: route.method });
    expect(await expectProblem(response, 'forbidden')).toMatch(/this needs the role (publisher|operator)/);
  });

  test('every listed route is there', () => {
    const urls = new Set(ROUTES.filter(({ method }) => method === 'GET').map(({ url }) => url));
    expect([...Object.keys(SCOPED), ...OPEN].filter((url) => !urls.has(url))).toEqual([]);
  });

  const requests = Object.entries(SCOPED).flatMap(([url, queries]) =>
    queries.map((query) => ({ url, query })),
  );
  test.for(requests)('sees nothing of others at $url with <$query>', async ({ url, query }) => {
    const response = await ask(url.replace(':campaignId', 'mine-campaign') + query);
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain(FOREIGN);
  });

  const others = requests.filter(({ query }) => !/limit|mine/.test(query));
  test.for(others)(
    'would see others at $url with <$query> with an operator’s key',
    async ({ url, query }) => {
      const { headers } = world.operator;
      const path = url.replace(':campaignId', `${FOREIGN}-campaign`) + query;
      const answer = await (await world.server.get(path, { headers })).text();
      expect(answer).toContain(FOREIGN);
    },
  );

  test('sums up to what a naive reader of its events sums up', async () => {
    const minutes = await expectJson(await ask('/v1/ad-minutes?granularity=minute'), adMinuteReport);
    const { impressions, clicks, costMicros } = world.own;
    expect(minutes.totals).toMatchObject({ impressions, clicks, costMicros: { EUR: costMicros } });
    const report = await expectJson(await ask('/v1/performance?groupBy=advertiser'), performanceReport);
    expect(report).toMatchObject({ found: 1, rows: [{ id: OWN, impressions, clicks, costMicros }] });
    const path = `/v1/performance?groupBy=advertiser&advertiserId=${OWN}`;
    const { headers } = world.operator;
    const filtered = await expectJson(await world.server.get(path, { headers }), performanceReport);
    expect(report.rows[0].orders).toBeGreaterThan(0);
    expect(report).toEqual(filtered);
    const figures = await expectJson(await ask('/v1/reports/figures?by=advertiser'), figuresReport);
    expect(figures).toMatchObject({ found: 1, rows: [{ id: OWN, impressions, clicks, costMicros }] });
    expect(figures.rows[0].orders).toBeGreaterThan(0);
  });

  test('reads of its campaign’s ledger what it pays, not what another pays there', async () => {
    const path = '/v1/campaigns/mine-campaign/ledger?limit=1000';
    const sum = async (headers: Record<string, string>): Promise<number> => {
      const { entries } = await expectJson(await world.server.get(path, { headers }), ledgerPage);
      return entries.reduce((total, { amountMicros }) => total + amountMicros, 0);
    };
    expect(await sum(world.advertiser.headers)).toBe(world.ownInOwnCampaign.costMicros);
    expect(await sum(world.operator.headers)).toBeGreaterThan(world.ownInOwnCampaign.costMicros);
  });

  test('pages through its campaigns as if there were no others', async () => {
    for (const id of ['AA', 'mine-b', 'zz']) await putCampaign(world.server, world.operator, id, OWN);
    for (const id of ['AB', 'mine-a', 'zy'])
      await putCampaign(world.server, world.operator, id, `${FOREIGN}-adv`);
    const seen: string[] = [];
    for (let after = '', next: string | null = ''; next !== null; after = `&after=${next}`) {
      const page = await expectJson(await ask(`/v1/campaigns?limit=1${after}`), campaignList);
      seen.push(...page.campaigns.map(({ campaignId }) => campaignId));
      next = page.next;
    }
    expect(seen).toEqual(['AA', 'mine-b', 'mine-campaign', 'zz']);
  });

  test('cannot tell another’s campaign from none', async () => {
    for (const part of ['', '/budget', '/spend', '/ledger']) {
      const [theirs, none] = await Promise.all(
        [`${FOREIGN}-campaign`, 'never-there'].map(async (id) =>
          expectProblem(await ask(`/v1/campaigns/${id}${part}`), 'unknown_campaign'),
        ),
      );
      expect(theirs.replace(`${FOREIGN}-campaign`, 'never-there')).toBe(none);
    }
  });

  test('hears of its own budgets only', async () => {
    const stream = new EventSource(await ask('/v1/budgets/changes'));
    const { headers } = world.operator;
    const operators = new EventSource(await world.server.get('/v1/budgets/changes', { headers }));
    const heard: BudgetNews[] = [];
    const listen = async (source: EventSource, wanted: BudgetNews): Promise<void> => {
      for (let news: BudgetNews | undefined; !isDeepStrictEqual(news, wanted);) {
        const { campaignId, state } = (await source.next())!.data as BudgetNews;
        news = { campaignId, state };
        if (source === stream) heard.push(news);
      }
    };
    await listen(stream, { campaignId: 'mine-campaign', state: 'active' });
    await putCampaign(world.server, world.operator, `${FOREIGN}-campaign`, `${FOREIGN}-adv`, true);
    // By now the advertiser would have been told, too.
    await listen(operators, { campaignId: `${FOREIGN}-campaign`, state: 'paused' });
    await putCampaign(world.server, world.operator, 'mine-campaign', OWN, true);
    await listen(stream, { campaignId: 'mine-campaign', state: 'paused' });
    expect(heard.filter(({ campaignId }) => campaignId.startsWith(FOREIGN))).toEqual([]);
    await operators.close();
    await stream.close();
  });

  test.for(['/v1/ad-minutes', '/v1/performance', '/v1/reports/figures'])(
    'may name itself at %s, and nobody else, nor anybody like it',
    async (url) => {
      expect((await ask(`${url}?advertiserId=${OWN}`)).status).toBe(200);
      for (const other of [`${FOREIGN}-adv`, ...LOOK_ALIKES]) {
        const response = await ask(`${url}?advertiserId=${encodeURIComponent(other)}`);
        expect(await expectProblem(response, 'forbidden')).toContain(
          'key advkey reads the figures of "mine" only',
        );
      }
      for (const twice of [
        `advertiserId=${OWN}&advertiserId=${FOREIGN}-adv`,
        `advertiserId=${FOREIGN}-adv&advertiserId=${OWN}`,
        `advertiserId[]=${FOREIGN}-adv`,
        `AdvertiserId=${FOREIGN}-adv`,
        `advertiserId=`,
      ]) {
        await expectProblem(await ask(`${url}?${twice}`), 'bad_request');
      }
    },
  );

  test('gets no more by another method', async () => {
    for (const { url } of ROUTES.filter(({ method }) => method === 'GET')) {
      const path = url
        .replace(':campaignId', 'mine-campaign')
        .replaceAll(/:\w+/g, '1')
        .replace('*', 'dashboard/main.ts');
      const head = await ask(path, { method: 'HEAD' });
      expect({ url, status: head.status }).toEqual({
        url,
        status: url in SCOPED || OPEN.has(url) ? 200 : 403,
      });
      for (const method of ['OPTIONS', 'DELETE', 'PATCH']) {
        expect({ url, status: (await ask(path, { method })).status }).toEqual({ url, status: 405 });
      }
    }
  });
});

function pathOf({ url }: Route, campaignId: string): string {
  return url.replace(':campaignId', campaignId).replaceAll(/:\w+/g, '1').replace('*', 'dashboard/main.ts');
}

function isListed({ method, url }: Route): boolean {
  return method === 'GET' && (url in SCOPED || OPEN.has(url));
}
