import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegionSender } from '../../src/client/region-sender.ts';
import { startStubRegion, type StubRegion } from './stub-region.ts';

const QUICK = { patienceMs: 2000, firstDelayMs: 1, delayMsMax: 10 };
const BODY = Buffer.from('{"eventId":"a"}\n{"eventId":"b"}\n');

let stub: StubRegion;
beforeEach(async () => {
  stub = await startStubRegion();
});
afterEach(() => stub.close());

function sender(patienceMs = 2000): RegionSender {
  return new RegionSender({ regions: [{ url: `${stub.url}/`, key: 'k' }], retry: { ...QUICK, patienceMs } });
}

describe('RegionSender', () => {
  it('sends again until it has an answer, and says so', async () => {
    stub.faults.push('overloaded', 'drop', 'broken', 'drop_after_counting');
    const { receipt, resends, answersLost } = await sender().sendEvents(BODY);
    expect(receipt.verdicts).toMatchObject({ counted: 0, duplicate: 2 });
    expect({ resends, answersLost }).toEqual({ resends: 4, answersLost: 3 });
    expect(stub.ids.size).toBe(2);
  });

  it('does not repeat what the region refuses', async () => {
    stub.faults.push('refuse');
    await expect(sender().sendEvents(BODY)).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'told to say unauthorized',
    });
    expect(stub.requests).toBe(1);
  });

  it('gives up after its patience, with the last failure', async () => {
    stub.faults.push('overloaded', 'overloaded', 'overloaded');
    await expect(sender(0).sendEvents(BODY)).rejects.toMatchObject({ code: 'overloaded' });
    expect(stub.requests).toBe(1);
  });

  it('stops waiting when told to', async () => {
    const slow = new RegionSender({
      regions: [{ url: stub.url }],
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
      new RegionSender({ regions: [{ url }], retry: { ...QUICK, patienceMs: 5 } }).sendEvents(BODY),
    ).rejects.toMatchObject({
      code: 'unreachable',
      message: `${url} does not answer: nothing listens there.`,
    });
    stub = await startStubRegion();
  });
});
