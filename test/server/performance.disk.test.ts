import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { performanceReport } from '../../src/server/openapi/order-schemas.ts';
import { type TestServer, event, expectJson, expectProblem, openTestServer } from './server-fixture.ts';

describe('GET /v1/performance', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ config: { attribution: { models: ['linear', 'first_touch'] } } });
    const at = Date.now() - 10_000;
    const click = { eventType: 'click', merchantId: 'm', userId: 'u-1', costMicros: 500 };
    const events = [
      event({ ...click, eventTime: at, adId: 'ad-1' }),
      event({ ...click, eventTime: at + 1, adId: 'ad-2' }),
      event({ adId: 'ad-3', currency: 'USD' }),
    ];
    await server.post('/v1/events', JSON.stringify(events));
    const order = {
      orderTime: at + 2,
      userId: 'u-1',
      merchantId: 'm',
      amountMicros: Number.MAX_SAFE_INTEGER,
    };
    await server.post('/v1/orders', JSON.stringify(['1', '2'].map((orderId) => ({ ...order, orderId }))));
  });
  afterAll(() => server.close());

  test('shows what each ad cost and brought', async () => {
    const report = await expectJson(await server.get('/v1/performance'), performanceReport);
    expect(report).toMatchObject({ groupBy: 'ad', model: 'linear', found: 3 });
    expect(report.rows).toMatchObject([
      { id: 'ad-2', clicks: 1, costMicros: 500, orders: 2, cvr: 2 },
      { id: 'ad-1', clicks: 1, costMicros: 500, orders: 2 },
      { id: 'ad-3', currency: 'USD', orders: 0, revenueMicros: 0, cvr: null, roas: 0 },
    ]);
  });

  test('writes money exactly, past 2^53 too', async () => {
    const query = '?model=first_touch&groupBy=advertiser&adId=ad-1';
    const text = await (await server.get(`/v1/performance${query}`)).text();
    expect(text).toContain(`"revenueMicros":${2n * BigInt(Number.MAX_SAFE_INTEGER)}`);
    expect(text).toContain('"id":"adv-1"');
  });

  test.for([
    ['?model=last_touch', 'No order is credited by last_touch: attribution.models has linear, first_touch.'],
    ['?model=best', 'model is "best"'],
    ['?model=linear&groupBy=user', 'groupBy is "user"'],
    ['?model=linear&limit=0', 'limit is "0"'],
    ['?model=linear&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'from must be before to'],
  ] as const)('refuses %s', async ([query, detail]) => {
    const answer = await server.get(`/v1/performance${query}`);
    expect(await expectProblem(answer, 'bad_request')).toContain(detail);
  });
});
