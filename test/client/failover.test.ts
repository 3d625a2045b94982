import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failover, type Delivery, type FailoverOptions } from '../../src/client/failover.ts';
import { readReceipt, type Receipt } from '../../src/client/outcome.ts';
import { startStubRegion, type Fault, type StubRegion } from './stub-region.ts';

const RETRY = { patienceMs: 20_000, firstDelayMs: 1, delayMsMax: 10, overloadMsMax: 3000 };
const BODY = new TextEncoder().encode('{"eventId":"a"}\n{"eventId":"b"}\n');

let near: StubRegion;
let far: StubRegion;
beforeEach(async () => {
  [near, far] = [await startStubRegion(), await startStubRegion()];
});
afterEach(async () => {
  near.release();
  await Promise.all([near.close(), far.close()]);
});

function failover(more: Partial<FailoverOptions> = {}): Failover {
  const regions = [
    { url: near.url, key: 'near' },
    { url: far.url, key: 'far' },
  ];
  return new Failover({ regions, retry: RETRY, timeoutMs: 20_000, ...more });
}

const send = (over: Failover): Promise<Delivery<Receipt>> => over.send('/v1/events', BODY, readReceipt);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('Failover', () => {
  it('sends to the preferred region, with its own key', async () => {
    expect(await send(failover())).toMatchObject({ ok: true, url: near.url, resends: 0 });
    expect([near.requests, far.requests]).toEqual([1, 0]);
    expect(near.keys).toEqual(['Bearer near']);
  });

  it.each([
    ['drop', 1],
    ['drop_after_counting', 1],
    ['broken', 1],
    ['stopping', 1],
    ['garbled', 1],
    ['empty', 1],
    ['overloaded_long', 0],
    ['refuse', 0],
  ] as [Fault, number][])(
    'goes to the other region on %s, with the same bytes',
    async (fault, answersLost) => {
      near.always = fault;
      const over = failover();
      expect(await send(over)).toMatchObject({ ok: true, url: far.url, resends: 1, answersLost });
      expect(far.bodies).toEqual(near.bodies);
      expect(far.keys).toEqual(['Bearer far']);
      expect(over.traffic()).toEqual([
        { url: near.url, requests: 1, resends: 0, failures: 1 },
        { url: far.url, requests: 1, resends: 1, failures: 0 },
      ]);
    },
  );

  it('goes to the other region when nothing listens, and knows that nothing was counted', async () => {
    await near.close();
    expect(await send(failover())).toMatchObject({ ok: true, url: far.url, resends: 1, answersLost: 0 });
  });

  it('goes to the other region when no answer comes in time', async () => {
    near.always = 'hang';
    const delivery = await send(failover({ timeoutMs: 50 }));
    expect(delivery).toMatchObject({ ok: true, url: far.url, answersLost: 1 });
  });

  it('waits out a short overload where it is', async () => {
    near.faults.push('overloaded', 'overloaded');
    expect(await send(failover())).toMatchObject({ ok: true, url: near.url, resends: 2, answersLost: 0 });
    expect(far.requests).toBe(0);
  });

  it('goes to the other region when an overload lasts', async () => {
    near.always = 'overloaded';
    const over = failover({ retry: { ...RETRY, overloadMsMax: 30 } });
    expect(await send(over)).toMatchObject({ ok: true, url: far.url });
    expect(near.requests).toBeGreaterThan(1);
  });

  it('leaves a region that failed alone, until it says that it is ready', async () => {
    near.always = 'stopping';
    const over = failover();
    await send(over);
    await until(async () => {
      await send(over);
      return near.probes > 2;
    });
    expect(near.requests).toBe(1);
    near.always = undefined;
    await until(async () => {
      const delivery = await send(over);
      return delivery.ok && delivery.url === near.url;
    });
    expect(near.requests).toBe(2);
    const { requests } = far;
    await send(over);
    expect(far.requests).toBe(requests);
  });

  it('asks one at a time whether a region is ready, however many wait for it', async () => {
    near.always = 'stopping';
    const over = failover();
    await send(over);
    near.probes = 0;
    near.always = undefined;
    await new Promise((resolve) => setTimeout(resolve, 30));
    await Promise.all(Array.from({ length: 50 }, () => send(over)));
    expect(near.probes).toBe(1);
    expect(near.requests).toBe(1);
  });

  it('is patient while both fail, and ends with the last failure', async () => {
    near.always = 'stopping';
    far.always = 'broken';
    const delivery = await send(failover({ retry: { ...RETRY, patienceMs: 100 } }));
    expect(delivery).toMatchObject({ ok: false, failure: { kind: 'failed' } });
    expect(near.requests).toBeGreaterThan(1);
    expect(far.requests).toBeGreaterThan(1);
    expect(new Set([...near.bodies, ...far.bodies]).size).toBe(1);
  });

  it('does not take a refusal of the body elsewhere', async () => {
    near.faults.push('bad_request');
    const over = failover();
    expect(await send(over)).toMatchObject({ ok: false, failure: { kind: 'refused', code: 'bad_request' } });
    expect(far.requests).toBe(0);
    expect(await send(over)).toMatchObject({ ok: true, url: near.url });
  });

  it('is refused when both regions refuse the key', async () => {
    [near.always, far.always] = ['refuse', 'refuse'];
    expect(await send(failover())).toMatchObject({
      ok: false,
      failure: { code: 'unauthorized' },
      resends: 1,
    });
  });

  it('hurries those who wait', async () => {
    [near.always, far.always] = ['overloaded_long', 'overloaded_long'];
    const over = failover({ retry: { ...RETRY, patienceMs: 1e9 } });
    const sent = send(over);
    await until(() => far.requests === 1);
    [near.always, far.always] = [undefined, undefined];
    await until(() => {
      over.hurry();
      return near.requests + far.requests > 2;
    });
    expect(await sent).toMatchObject({ ok: true, resends: 2 });
  });

  it('prefers the region that was measured to answer, if asked to', async () => {
    await near.close();
    const over = failover({ measure: true });
    expect(await send(over)).toMatchObject({ ok: true, url: far.url, resends: 0 });
    expect(over.traffic()[0]).toMatchObject({ url: far.url, requests: 1 });
  });
});
