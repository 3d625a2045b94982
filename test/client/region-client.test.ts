import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/client/exact-answer.ts';
import { RegionClient } from '../../src/client/region-client.ts';
import { retryDelay } from '../../src/client/retry.ts';
import { startStubRegion, type StubRegion } from './stub-region.ts';

const QUICK = { patienceMs: 2000, firstDelayMs: 1, delayMsMax: 10 };
const BODY = Buffer.from('{"eventId":"a"}\n{"eventId":"b"}\n');

let stub: StubRegion;
beforeEach(async () => {
  stub = await startStubRegion();
});
afterEach(() => stub.close());

function client(patienceMs = 2000): RegionClient {
  return new RegionClient({ url: `${stub.url}/`, key: 'k', retry: { ...QUICK, patienceMs } });
}

describe('RegionClient', () => {
  it('sends again until it has an answer, and says so', async () => {
    stub.faults.push('overloaded', 'drop', 'broken', 'drop_after_counting');
    const { receipt, resends, answersLost } = await client().sendEvents(BODY);
    expect(receipt.verdicts).toMatchObject({ counted: 0, duplicate: 2 });
    expect({ resends, answersLost }).toEqual({ resends: 4, answersLost: 3 });
    expect(stub.ids.size).toBe(2);
  });

  it('does not repeat what the region refuses', async () => {
    stub.faults.push('refuse');
    await expect(client().sendEvents(BODY)).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'told to say unauthorized',
    });
    expect(stub.requests).toBe(1);
  });

  it('gives up after its patience, with the last failure', async () => {
    stub.faults.push('overloaded', 'overloaded', 'overloaded');
    await expect(client(0).sendEvents(BODY)).rejects.toMatchObject({ code: 'overloaded' });
    expect(stub.requests).toBe(1);
  });

  it('stops waiting when told to', async () => {
    const slow = new RegionClient({
      url: stub.url,
      retry: { patienceMs: 1e9, firstDelayMs: 1e8, delayMsMax: 1e8 },
    });
    stub.faults.push('overloaded');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    await expect(slow.sendEvents(BODY, stop.signal)).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('says that nothing listens', async () => {
    const { url } = stub;
    await stub.close();
    await expect(
      new RegionClient({ url, retry: { ...QUICK, patienceMs: 5 } }).sendEvents(BODY),
    ).rejects.toMatchObject({
      code: 'unreachable',
      message: `${url} does not answer: nothing listens there.`,
    });
    stub = await startStubRegion();
  });
});

describe('retryDelay', () => {
  const policy = { patienceMs: 0, firstDelayMs: 100, delayMsMax: 5000 };

  it('doubles up to the longest, between half and all of it', () => {
    expect([1, 2, 3, 10].map((failure) => retryDelay(failure, 0, 1, policy))).toEqual([100, 200, 400, 5000]);
    expect(retryDelay(1, 0, 0, policy)).toBe(50);
  });

  it('is never shorter than the server asks for', () => {
    expect(retryDelay(1, 3000, 0.5, policy)).toBe(3000);
  });
});

describe('parseExactJson', () => {
  it('keeps whole numbers past 2^53 exact', () => {
    const text = '{"small":5,"large":9007199254740993,"rate":0.5,"huge":1e300,"items":[-9007199254740993]}';
    expect(parseExactJson(text)).toEqual({
      small: 5,
      large: 9007199254740993n,
      rate: 0.5,
      huge: 1e300,
      items: [-9007199254740993n],
    });
  });
});
