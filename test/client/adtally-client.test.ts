import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AdtallyClient,
  type AdtallyClientOptions,
  type EventOutcome,
} from '../../src/client/adtally-client.ts';
import type { EventDraft } from '../../src/client/draft.ts';
import type { Dropped } from '../../src/client/outcome.ts';
import { startStubRegion, type StubRegion } from './stub-region.ts';

const RETRY = { firstDelayMs: 1, delayMsMax: 10, overloadMsMax: 3000 };
const NEVER_MS = 1e8;
const CLICK: EventDraft = {
  eventType: 'click',
  adId: 'ad-1',
  campaignId: 'c-1',
  advertiserId: 'adv-1',
  userId: 'u-1',
};

let near: StubRegion;
let far: StubRegion;
let clients: AdtallyClient[];
beforeEach(async () => {
  [near, far] = [await startStubRegion(), await startStubRegion()];
  clients = [];
});
afterEach(async () => {
  for (const stub of [near, far]) {
    stub.always = undefined;
    stub.release();
  }
  await Promise.all(clients.map((client) => client.close(0)));
  await Promise.all([near.close(), far.close()]);
});

function open(more: Partial<AdtallyClientOptions> = {}): AdtallyClient {
  const client = new AdtallyClient({ regions: [near.url, far.url], retry: RETRY, batchMs: 1, ...more });
  clients.push(client);
  return client;
}

const event = (eventId: string, more: Partial<EventDraft> = {}): EventDraft => ({
  ...CLICK,
  eventId,
  ...more,
});
const idsOf = (body: string): string[] =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { eventId: string }).eventId);

describe('AdtallyClient', () => {
  it('sends an event and an order, and says what became of them', async () => {
    const client = open({ key: 'k' });
    const outcome = await client.track(event('e-1', { costMicros: 5 }));
    expect(outcome).toEqual({
      status: 'answered',
      id: 'e-1',
      verdict: 'counted',
      message: null,
      region: near.url,
      resends: 0,
      answersLost: 0,
    });
    expect(await client.track(event('e-1'))).toMatchObject({ verdict: 'duplicate', message: 'seen' });
    const order = { orderId: 'o-1', userId: 'u-1', merchantId: 'm-1', amountMicros: 7 };
    expect(await client.order(order)).toMatchObject({ id: 'o-1', verdict: 'accepted' });
    expect(near.keys).toEqual(['Bearer k', 'Bearer k', 'Bearer k']);
    expect(JSON.parse(near.lines[2])).toMatchObject({ ...order, orderTime: expect.any(Number) as number });
  });

  it('makes ids and times that are missing, and keeps them when it sends again', async () => {
    near.faults.push('drop_after_counting');
    const before = Date.now();
    const [one, two] = await Promise.all([1, 2].map(() => open().track(CLICK)));
    expect(one.id).not.toBe(two.id);
    expect(one.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(one.id!.replace('-', '').slice(0, 12), 16)).toBeGreaterThanOrEqual(before);
    const [lost] = near.bodies;
    expect(far.bodies).toContain(lost);
    expect(near.lines).toHaveLength(2);
    const { eventTime } = JSON.parse(near.lines[0]) as { eventTime: number };
    expect(eventTime).toBeGreaterThanOrEqual(before);
  });

  it('gathers events by count, by bytes and by time', async () => {
    const byCount = open({ batchMs: NEVER_MS, batchEvents: 3 });
    await Promise.all(Array.from({ length: 6 }, (_, at) => byCount.track(event(`c-${at}`))));
    expect(near.bodies.map((body) => idsOf(body).length)).toEqual([3, 3]);
    near.bodies.length = 0;
    const bytes = JSON.stringify(event('b-1', { eventTime: 1_700_000_000_000 })).length + 1;
    const byBytes = open({ batchMs: NEVER_MS, batchBytes: 2 * bytes });
    const sent = Array.from({ length: 5 }, (_, at) =>
      byBytes.track(event(`b-${at}`, { eventTime: 1_700_000_000_000 })),
    );
    await Promise.all(sent.slice(0, 4));
    expect(near.bodies.map((body) => idsOf(body).length)).toEqual([2, 2]);
    await byBytes.flush();
    expect(near.bodies).toHaveLength(3);
    const byTime = open({ batchMs: 5 });
    expect(await byTime.track(event('t'))).toMatchObject({ verdict: 'counted' });
  });

  it('keeps the order of events while one request is under way at a time, through failures', async () => {
    near.faults.push('drop', 'broken', 'drop_after_counting');
    far.faults.push('overloaded', 'stopping');
    const client = open({ batchEvents: 5 });
    const ids = Array.from({ length: 100 }, (_, at) => `e-${at}`);
    await Promise.all(ids.map((id) => client.track(event(id))));
    const first = new Set([...near.bodies, ...far.bodies].flatMap(idsOf));
    expect(near.ids.union(far.ids).size).toBe(100);
    for (const { lines } of [near, far]) {
      const numbers = lines.map((line) => Number(idsOf(line)[0].slice(2)));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    expect(first.size).toBe(100);
  });

  it.each([
    [{ eventType: 'view' }, 'eventType of the event is not valid (bad_value).'],
    [{ adId: undefined }, 'adId of the event is missing.'],
    [{ userId: '' }, 'userId of the event is not valid (empty_field).'],
    [{ costMicros: 0.5 }, 'costMicros of the event is not valid (bad_type).'],
    [{ currency: 'euro' }, 'currency of the event is not valid (bad_currency).'],
    [{ note: 'x'.repeat(70_000) }, 'The event has more than 65536 bytes.'],
    [{ note: 5n }, 'The event cannot be written as JSON: '],
  ])('does not send what is not valid: %o', async (more, message) => {
    const dropped: Dropped[] = [];
    const client = open({ onDrop: (drop) => dropped.push(drop) });
    const outcome = await client.track({ ...CLICK, ...more } as EventDraft);
    expect(outcome).toMatchObject({
      status: 'dropped',
      reason: 'invalid',
      message: expect.stringContaining(message) as string,
    });
    await Promise.resolve();
    expect(dropped).toEqual([outcome]);
    expect(near.requests).toBe(0);
  });

  it('drops the newest when its queue is full, or the oldest that waits', async () => {
    near.always = 'hang';
    for (const [whenFull, lost] of [
      ['drop_newest', ['e-3', 'e-4']],
      ['drop_oldest', ['e-1', 'e-2']],
    ] as const) {
      const dropped: Dropped[] = [];
      const client = open({
        regions: [near.url],
        queueEvents: 3,
        batchEvents: 1,
        whenFull,
        onDrop: (drop) => dropped.push(drop),
      });
      const sent = ['e-0', 'e-1', 'e-2', 'e-3', 'e-4'].map((id) => client.track(event(id)));
      await Promise.all(lost.map((id) => sent[Number(id.slice(2))]));
      await Promise.resolve();
      expect(dropped.map(({ id, reason }) => [id, reason])).toEqual(lost.map((id) => [id, 'queue_full']));
      expect(dropped.map(({ line }) => idsOf(line)[0])).toEqual(lost);
    }
  });

  it('bounds the bytes it holds', async () => {
    near.always = 'hang';
    const bytes = JSON.stringify(event('m-1', { eventTime: 1_700_000_000_000 })).length;
    const client = open({ regions: [near.url], queueBytes: 3 * bytes });
    const ids = ['m-1', 'm-2', 'm-3', 'm-4'];
    const sent = ids.map((id) => client.track(event(id, { eventTime: 1_700_000_000_000 })));
    expect(await sent[3]).toMatchObject({ id: 'm-4', reason: 'queue_full' });
    near.always = undefined;
    near.release();
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([
      'answered',
      'answered',
      'answered',
      'dropped',
    ]);
  });

  it('says what it does not know', async () => {
    near.problemsMax = 1;
    const client = open({ batchMs: NEVER_MS, batchEvents: 3 });
    await Promise.all(['a', 'b', 'c'].map((id) => client.track(event(id))));
    const mixed = await Promise.all(['a', 'b', 'd'].map((id) => client.track(event(id))));
    expect(mixed.map((outcome) => outcome.status === 'answered' && outcome.verdict)).toEqual([
      'duplicate',
      'unknown',
      'unknown',
    ]);
    const alike = await Promise.all(['a', 'b', 'd'].map((id) => client.track(event(id))));
    expect(new Set(alike.map((outcome) => outcome.status === 'answered' && outcome.verdict))).toEqual(
      new Set(['duplicate']),
    );
  });

  it('sends less at a time when a request is too large for the region', async () => {
    near.faults.push('too_large');
    const client = open({ batchMs: NEVER_MS, batchEvents: 4 });
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((id) => client.track(event(id))));
    expect(outcomes.map(({ status }) => status)).toEqual(['answered', 'answered', 'answered', 'answered']);
    expect(near.bodies.map((body) => idsOf(body).length)).toEqual([4, 2, 2]);
  });

  it('takes no answer for one of a region that is none, or one to another request', async () => {
    near.faults.push('garbled');
    far.faults.push('stranger');
    expect(await open().track(event('b'))).toMatchObject({ verdict: 'counted', resends: 2, answersLost: 2 });
  });

  it('reports what every region refuses', async () => {
    [near.always, far.always] = ['refuse', 'refuse'];
    expect(await open().track(event('a'))).toMatchObject({ reason: 'refused', code: 'unauthorized' });
  });

  it('gives up after its patience, with the line', async () => {
    [near.always, far.always] = ['stopping', 'stopping'];
    const outcome = await open({ giveUpAfterMs: 20 }).track(event('a'));
    expect(outcome).toMatchObject({ reason: 'gave_up', code: 'stopping' });
    expect(idsOf((outcome as Dropped).line)).toEqual(['a']);
  });

  it('sends what waits when it is closed, and takes nothing more', async () => {
    const client = open({ batchMs: NEVER_MS });
    const sent = client.track(event('a'));
    await client.close();
    expect(await sent).toMatchObject({ verdict: 'counted' });
    expect(await client.track(event('b'))).toMatchObject({ reason: 'closed' });
  });

  it('closes in time when no region answers, and forgets no event', async () => {
    [near.always, far.always] = ['stopping', 'stopping'];
    const outcomes: EventOutcome[] = [];
    const client = open({ batchEvents: 2, onOutcome: (outcome) => outcomes.push(outcome as EventOutcome) });
    const sent = Array.from({ length: 5 }, (_, at) => client.track(event(`e-${at}`)));
    await client.close(10);
    await Promise.all(sent);
    await Promise.resolve();
    const reasons = outcomes.map((outcome) => outcome.status === 'dropped' && outcome.reason);
    expect(reasons).toEqual(['closed', 'closed', 'closed', 'gave_up', 'gave_up']);
  });

  it('refuses options that it cannot use', () => {
    expect(() => open({ regions: [] })).toThrow('regions is empty');
    expect(() => open({ queueEvents: 0 })).toThrow('queueEvents is 0; it must be 1 or more.');
    expect(() => open({ batchMs: Number.NaN })).toThrow('batchMs is NaN');
  });
});
