import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { touchList } from '../../src/server/openapi/schemas.ts';
import { event, expectJson, expectProblem, openTestServer, type TestServer } from './server-fixture.ts';

const NOW = Date.now();

describe('GET /v1/touches', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({});
    const events = [1, 2, 3].map((n) =>
      event({ eventId: `e${n}`, eventTime: NOW + n, userId: 'ana', merchantId: n === 2 ? 'm' : null }),
    );
    const others = [event({ eventId: 'e4', userId: 'bo' }), event({ eventId: 'e1', userId: 'ana' })];
    await server.post('/v1/events', JSON.stringify([...events, ...others]));
  });
  afterAll(() => server.close());

  const idsOf = async (query: string): Promise<[string[], number]> => {
    const { touches, found } = await expectJson(await server.get(`/v1/touches${query}`), touchList);
    return [touches.map(({ eventId }) => eventId), found];
  };

  test('lists the counted events of a user, newest first', async () => {
    expect(await idsOf('?userId=ana')).toEqual([['e3', 'e2', 'e1'], 3]);
    expect(await idsOf('?userId=nobody')).toEqual([[], 0]);
    await server.region.snapshot();
    expect(await idsOf('?userId=ana')).toEqual([['e3', 'e2', 'e1'], 3]);
    expect(server.region.status()).toMatchObject({ touches: 4, touchRuns: 1 });
  });

  test('takes a range, both ends included, and a limit', async () => {
    expect(await idsOf(`?userId=ana&from=${NOW + 2}&to=${NOW + 3}`)).toEqual([['e3', 'e2'], 2]);
    expect(await idsOf('?userId=ana&limit=1')).toEqual([['e3'], 3]);
  });

  test('wants a user', async () => {
    const problem = await expectProblem(await server.get('/v1/touches'), 'bad_request');
    expect(problem).toBe('userId is missing.');
  });
});
