import { afterEach, describe, expect, it } from 'vitest';
import { keyStoreOf } from '../../../src/server/keys.ts';
import type { DemoControl, DemoRegion } from '../../../src/server/demo/demo-control.ts';
import { demoReport } from '../../../src/server/demo/demo-routes.ts';
import { expectJson, expectProblem, openTestServer, type TestServer } from '../server-fixture.ts';
import { makeKey } from '../test-keys.ts';

const REGIONS: readonly DemoRegion[] = [
  { region: 'a', url: 'http://127.0.0.1:1', state: 'up', pid: 11, restarts: 0, restartAt: null },
  { region: 'b', url: 'http://127.0.0.1:2', state: 'killed', pid: null, restarts: 3, restartAt: 5 },
];

/** A supervisor that only remembers what it was asked. */
class FakeSupervisor implements DemoControl {
  readonly asked: string[] = [];

  regions(): Promise<readonly DemoRegion[]> {
    return Promise.resolve(REGIONS);
  }

  kill(region: string): Promise<readonly DemoRegion[]> {
    this.asked.push(`kill ${region}`);
    return this.regions();
  }

  restart(region: string): Promise<readonly DemoRegion[]> {
    this.asked.push(`restart ${region}`);
    return this.regions();
  }
}

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const post = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(server!.url + path, { method: 'POST', headers });

describe('the routes of the demo', () => {
  it('show its regions, kill one and start it again, and leave that in the trail', async () => {
    const demo = new FakeSupervisor();
    server = await openTestServer({ demo });
    const regions = { regions: REGIONS };
    expect(await expectJson(await server.get('/v1/demo'), demoReport)).toEqual(regions);
    expect(await expectJson(await post('/v1/demo/kill?region=b'), demoReport)).toEqual(regions);
    expect(await expectJson(await post('/v1/demo/restart?region=a'), demoReport)).toEqual(regions);
    expect(demo.asked).toEqual(['kill b', 'restart a']);
    expect(server.trail.page(10).entries).toMatchObject([
      { action: 'demo.restart', subject: 'region a', outcome: 'done' },
      { action: 'demo.kill', subject: 'region b', outcome: 'done' },
    ]);
  });

  it('know their regions', async () => {
    const demo = new FakeSupervisor();
    server = await openTestServer({ demo });
    expect(await expectProblem(await post('/v1/demo/kill?region=c'), 'bad_request')).toBe(
      'region is "c"; allowed: a, b.',
    );
    expect(await expectProblem(await post('/v1/demo/restart'), 'bad_request')).toContain('is missing');
    expect(await expectProblem(await post('/v1/demo/kill?regio=a'), 'bad_request')).toContain('regio');
    expect(demo.asked).toEqual([]);
    expect(server.trail.page(10).entries).toEqual([]);
  });

  it('do nothing where no supervisor runs the region', async () => {
    server = await openTestServer();
    expect(await expectJson(await server.get('/v1/demo'), demoReport)).toEqual({ regions: [] });
    for (const verb of ['kill', 'restart']) {
      const detail = await expectProblem(await post(`/v1/demo/${verb}?region=a`), 'not_found');
      expect(detail).toContain('not part of "adtally demo"');
    }
    expect(server.trail.page(10).entries).toEqual([]);
  });

  it('are for operators, and for no page of another site', async () => {
    const demo = new FakeSupervisor();
    const [publisher, operator] = [makeKey('0000000a', 'publisher'), makeKey('0000000b', 'operator')];
    server = await openTestServer({ demo, keys: keyStoreOf([publisher.record, operator.record]) });
    const asked = (key: string, more: Record<string, string> = {}): Promise<Response> =>
      post('/v1/demo/kill?region=b', { authorization: `Bearer ${key}`, ...more });
    await expectProblem(await post('/v1/demo/kill?region=b'), 'unauthorized');
    await expectProblem(await asked(publisher.text), 'forbidden');
    await expectProblem(await asked(operator.text, { origin: 'https://elsewhere.example' }), 'forbidden');
    expect(demo.asked).toEqual([]);
    expect((await asked(operator.text)).status).toBe(200);
  });
});
