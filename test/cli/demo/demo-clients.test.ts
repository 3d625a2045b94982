import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DemoClients } from '../../../src/cli/demo/demo-clients.ts';
import { startStubRegion, type StubRegion } from '../../client/stub-region.ts';

let a: StubRegion;
let b: StubRegion;
beforeEach(async () => {
  [a, b] = [await startStubRegion(), await startStubRegion()];
});
afterEach(() => Promise.all([a.close(), b.close()]));

/** Clients whose chances are `chances`, one after the other; then none loses patience. */
function clientsOf(...chances: readonly number[]): DemoClients {
  const left = [...chances];
  return new DemoClients({ urls: [a.url, b.url], key: undefined, chance: () => left.shift() ?? 1 });
}

async function send(clients: DemoClients, ...ids: readonly string[]): Promise<string[]> {
  const urls: string[] = [];
  for (const eventId of ids) {
    const { url } = await clients.sendEvents(Buffer.from(`${JSON.stringify({ eventId })}\n`));
    urls.push(url);
  }
  return urls;
}

describe('the clients of the demo', () => {
  it('send as much to one region as to the other', async () => {
    expect(await send(clientsOf(), 'e-1', 'e-2', 'e-3', 'e-4')).toEqual([a.url, b.url, a.url, b.url]);
    expect([[...a.ids], [...b.ids]]).toEqual([
      ['e-1', 'e-3'],
      ['e-2', 'e-4'],
    ]);
  });

  it('go to the other region while theirs fails', async () => {
    a.always = 'stopping';
    const clients = clientsOf();
    expect(await send(clients, 'e-1', 'e-2', 'e-3')).toEqual([b.url, b.url, b.url]);
    expect([...b.ids]).toEqual(['e-1', 'e-2', 'e-3']);
    const [toA, toB] = clients.traffic();
    expect(toA).toMatchObject({ url: a.url, failures: toA.requests });
    expect(toB).toMatchObject({ url: b.url, requests: 3, failures: 0 });
  });

  it('lose patience now and then, and send the same to the other region', async () => {
    expect(await send(clientsOf(0.029, 0.03, 0.01), 'e-1', 'e-2', 'e-3')).toEqual([a.url, b.url, a.url]);
    expect([[...a.ids], [...b.ids]]).toEqual([
      ['e-1', 'e-3'],
      ['e-1', 'e-2', 'e-3'],
    ]);
  });

  it('never lose patience where there is one region', async () => {
    const clients = new DemoClients({ urls: [a.url], key: undefined, chance: () => 0 });
    expect(await send(clients, 'e-1', 'e-2')).toEqual([a.url, a.url]);
    expect(a.requests).toBe(2);
  });
});
