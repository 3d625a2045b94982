import { afterEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';
import { keyStoreOf } from '../../../src/server/keys.ts';
import { RawClient } from '../raw-client.ts';
import { type TestServer, event, expectProblem, openTestServer } from '../server-fixture.ts';
import { makeKey } from '../test-keys.ts';

const publisher = makeKey('pub1', 'publisher');
const operator = makeKey('ops1', 'operator');
const [mine, other] = [makeKey('adv1', 'advertiser', 'one'), makeKey('adv2', 'advertiser', 'two')];
const keys = keyStoreOf([publisher, operator, mine, other].map(({ record }) => record));

/** Time passes for nobody but who moves it. */
let skipMs = 0;
const startMs = nodeClock.monotonicMs();
const clock: Clock = { ...nodeClock, monotonicMs: () => startMs + skipMs };

type Rates = NonNullable<NonNullable<PipelineConfig['limits']>['requestsPerSecond']>;

describe('requests are limited', () => {
  let server: TestServer;
  afterEach(() => server.close());
  const open = async (requestsPerSecond: Rates): Promise<void> => {
    server = await openTestServer({ keys, clock, config: { limits: { requestsPerSecond } } });
  };
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    server.get(path, { headers });

  test('per key, with what is left in each answer, and again after Retry-After', async () => {
    await open({ advertiser: 2 });
    for (const left of [3, 2, 1, 0]) {
      const answer = await get('/v1/campaigns', mine.headers);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('ratelimit-policy')).toBe('"advertiser";q=4;w=2');
      expect(answer.headers.get('ratelimit')).toMatch(new RegExp(`^"advertiser";r=${left};t=[12]$`));
    }
    const refused = await get('/v1/campaigns', mine.headers);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit')).toBe('"advertiser";r=0;t=2');
    expect(await expectProblem(refused, 'rate_limited')).toBe(
      'Key adv1 has sent more than 2 requests a second; limits.requestsPerSecond.advertiser is the limit.',
    );
    expect((await get('/v1/campaigns', other.headers)).status).toBe(200);
    skipMs += 1000;
    expect((await get('/v1/campaigns', mine.headers)).status).toBe(200);
  });

  test('before the body is read, and nothing of it is counted', async () => {
    await open({ publisher: 1 });
    const headers = { ...publisher.headers, 'content-type': 'application/json' };
    for (const status of [200, 200, 429]) {
      expect((await server.post('/v1/events', JSON.stringify(event()), headers)).status).toBe(status);
    }
    const client = await RawClient.open(server.port);
    const lines = [
      `Authorization: Bearer ${publisher.text}`,
      'Content-Type: application/json',
      'Content-Length: 900000',
    ];
    client.write(['POST /v1/events HTTP/1.1', 'Host: x', ...lines], '{');
    expect(await client.until('rate_limited')).toMatch(/^HTTP\/1.1 429 /);
    client.destroy();
    expect(server.region.status().received).toBe(2);
  });

  test('per address, whatever comes, but never for health checks', async () => {
    await open({ address: 2, operator: 0 });
    const asked = ['/v1/audit', '/nowhere', '/docs/', '/v1/audit'];
    const answers: number[] = [];
    for (const path of asked) answers.push((await get(path, operator.headers)).status);
    expect(answers).toEqual([200, 404, 200, 200]);
    for (const path of [...asked, '/v1/events']) {
      expect(await expectProblem(await get(path), 'rate_limited')).toMatch(
        /^This address has sent more than 2 /,
      );
    }
    for (let n = 0; n < 20; n++) {
      expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([200, 200]);
    }
  });

  test('but not where the limit is 0', async () => {
    await open({ address: 0, operator: 0 });
    for (let n = 0; n < 50; n++) {
      const answer = await get('/v1/access', operator.headers);
      expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
    }
  });

  test('nor for anybody on this machine where there are no keys', async () => {
    const config = { limits: { requestsPerSecond: { address: 1, operator: 1 } } };
    server = await openTestServer({ clock, config });
    for (let n = 0; n < 20; n++) expect((await get('/v1/audit')).status).toBe(200);
  });
});
