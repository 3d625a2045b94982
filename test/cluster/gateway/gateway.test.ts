import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { Gateway } from '../../../src/cluster/gateway/gateway.ts';
import { readEvent } from '../../../src/cluster/gateway/received.ts';
import type { Region } from '../../../src/embedded/ports.ts';
import { openRegion } from '../../../src/embedded/region-engine.ts';
import { parseAdEvent } from '../../../src/model/ad-event.ts';
import type { BodyFormat } from '../../../src/model/request/ingest.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';
import { SimulatedClock, ProcessClock } from '../../../src/simulation/simulated-clock.ts';
import { MemoryDisk } from '../../embedded/memory-disk.ts';
import { body } from '../../embedded/scan/event-text.ts';
import { event, events } from '../../server/server-fixture.ts';
import { MemoryKafka } from '../kafka/memory-kafka.ts';

const specOf = (config: PipelineConfig = {}) => resolveSpec(config, { environment: {}, flags: {} });
const SPEC = specOf({ limits: { problemsPerRequest: 10_000 } });
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const textOf = (bytes: Uint8Array | null | undefined): string | null =>
  bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString();

/** A gateway in a world of its own: nothing happens there but what the test runs. */
function openWorld(config: PipelineConfig = {}) {
  const world = new SimulatedClock(1_800_000_000_000);
  const kafka = new MemoryKafka();
  const gateway = new Gateway({
    region: 'a',
    spec: specOf(config),
    publisher: kafka,
    clock: new ProcessClock(world),
  });
  return { world, kafka, gateway };
}

/** Lets so many ms pass. */
const pass = (world: SimulatedClock, ms: number): Promise<void> =>
  world.run(new Promise((resolve) => world.schedule(ms, resolve)));

describe('messages', () => {
  const valid = event({
    eventId: 'e-1',
    eventTime: '2027-01-15T08:00:00Z',
    merchantId: null,
    device: 'phone',
  });

  test('hold the event as it is understood, under its id, with the bytes that were sent', async () => {
    const { world, kafka, gateway } = openWorld();
    await world.run(gateway.ingest(bytesOf([valid]), 'json'));
    const [{ topic, key, value, headers, timestamp }] = kafka.messages;
    expect({ topic, key: textOf(key), timestamp }).toEqual({
      topic: 'a.events',
      key: 'e-1',
      timestamp: 1_800_000_000_000,
    });
    expect(textOf(value)).toBe(
      '{"eventId":"e-1","eventType":"impression","eventTime":1800000000000,"adId":"ad-1","campaignId":"c-1",' +
        '"advertiserId":"adv-1","userId":"u-1","costMicros":1500,"currency":"EUR"}',
    );
    expect(textOf(headers?.['raw'])).toBe(JSON.stringify(valid));
  });

  test('leave the bytes out where they say the same', async () => {
    const { world, kafka, gateway } = openWorld();
    const canonical = readEvent(bytesOf(valid), SPEC).value;
    await world.run(gateway.ingest(Buffer.from(canonical), 'json'));
    expect(textOf(kafka.messages[0].value)).toBe(canonical);
    expect(kafka.messages[0].headers).toBeUndefined();
  });

  test.for([
    [
      'with an id',
      '{"eventId":"e-2"}',
      'e-2',
      { code: 'missing_field', message: 'eventType is missing.', eventId: 'e-2' },
    ],
    ['without one', '{"eventId":5}', null, { code: 'bad_type', message: 'eventId must be a string.' }],
    ['that is no JSON', 'nothing', null, { code: 'malformed_json', message: 'The event is not valid JSON.' }],
  ] as const)('say of what is invalid, %s, why', async ([, raw, id, problem]) => {
    const { world, kafka, gateway } = openWorld();
    await world.run(gateway.ingest(Buffer.from(raw), 'json'));
    const [message] = kafka.messages;
    expect(textOf(message.key)).toBe(id);
    expect(textOf(message.value)).toBe(JSON.stringify(problem));
    expect(textOf(message.headers?.['raw'])).toBe(raw);
  });

  test('hold the beginning of what is too large', async () => {
    const { world, kafka, gateway } = openWorld();
    const raw = Buffer.concat([Buffer.from('{"x":"'), Buffer.alloc(200_000, 0xff), Buffer.from('"}')]);
    const { problems } = await world.run(gateway.ingest(raw, 'json'));
    expect(problems).toMatchObject([{ code: 'too_large' }]);
    const { headers } = kafka.messages[0];
    expect(Buffer.from(headers!['raw']).equals(raw.subarray(0, 65_536))).toBe(true);
    expect(textOf(headers?.['rawBytes'])).toBe('200008');
  });

  test('hold an order with its items', async () => {
    const { world, kafka, gateway } = openWorld();
    const order = {
      orderTime: 5,
      orderId: 'o-1',
      userId: 'u',
      merchantId: 'm',
      amountMicros: 7,
      items: [{ sku: 'x', n: 1 }],
    };
    const receipt = await world.run(gateway.ingestOrders(bytesOf([order, { orderId: 'o-2' }]), 'json'));
    expect(receipt).toMatchObject({ received: 2, verdicts: { accepted: 1, invalid: 1 }, provisional: true });
    expect(kafka.messages.map(({ topic, key }) => [topic, textOf(key)])).toEqual([
      ['a.orders', 'o-1'],
      ['a.orders', 'o-2'],
    ]);
    expect(textOf(kafka.messages[0].value)).toBe(
      '{"orderId":"o-1","orderVersion":1,"orderStatus":"placed","orderTime":5,"userId":"u","merchantId":"m","amountMicros":7,' +
        '"currency":"EUR","items":[{"sku":"x","n":1}]}',
    );
    expect(JSON.parse(textOf(kafka.messages[1].value)!)).toMatchObject({
      code: 'missing_field',
      orderId: 'o-2',
    });
  });
});

const entropy = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(7);

/** What both say is invalid: the region alone knows the sums. */
function invalid(problems: readonly { readonly verdict: string; readonly code: string }[]): unknown[] {
  return problems.filter(({ verdict, code }) => verdict === 'invalid' && code !== 'sum_out_of_range');
}

/** What is understood of bytes: an event, or why it is none. */
function understood(bytes: Uint8Array): unknown {
  const reading = parseAdEvent(bytes, SPEC);
  return reading.ok ? reading.event : reading.problem.code;
}

/** The same of a message's value, which says of an invalid event why it is so. */
function understoodValue(value: Uint8Array): unknown {
  const { code } = JSON.parse(textOf(value)!) as { readonly code?: string };
  return code ?? understood(value);
}

describe('the same as the embedded engine', () => {
  let region: Region;
  const kafka = new MemoryKafka();
  const gateway = new Gateway({ region: 'a', spec: SPEC, publisher: kafka, clock: nodeClock });
  beforeAll(async () => {
    region = await openRegion({ name: 'a', spec: SPEC, disk: new MemoryDisk(), clock: nodeClock, entropy });
  });
  afterAll(async () => {
    await region.close();
    await gateway.close();
  });

  test('finds the same invalid events, codes and messages in any body', async () => {
    await fc.assert(
      fc.asyncProperty(body, async ({ bytes, format }) => {
        kafka.messages.length = 0;
        const [theirs, ours] = await Promise.all([
          region.ingest(bytes.slice(), format),
          gateway.ingest(bytes.slice(), format),
        ]);
        expect(invalid(ours.problems)).toEqual(invalid(theirs.problems));
        expect(ours.received).toBe(theirs.received);
        expect(ours.verdicts.counted + ours.verdicts.invalid).toBe(ours.received);
        expect(kafka.messages.length).toBe(ours.received);
        // What goes on is understood as what came.
        for (const { value, headers } of kafka.messages) {
          expect(understoodValue(value!)).toEqual(understood(headers?.['raw'] ?? value!));
        }
      }),
      { numRuns: 400 },
    );
  });

  test('finds the same invalid orders', async () => {
    const order = { orderId: 'o', orderTime: Date.now(), userId: 'u', merchantId: 'm', amountMicros: 1 };
    const lines = [
      order,
      { ...order, amountMicros: -1 },
      { ...order, amountMicros: 1.5 },
      { ...order, orderVersion: 0 },
      { ...order, orderStatus: 'lost' },
      { ...order, currency: 'eur' },
      { ...order, userId: '' },
      { ...order, merchantId: 'x'.repeat(129) },
      { ...order, orderTime: 'yesterday' },
      { ...order, orderId: null },
      [order],
      'text',
    ].map((line) => JSON.stringify(line));
    const bytes = Buffer.from(`${lines.join('\n')}\nno json\n{"orderId":"a","orderId":"b"}`);
    const [theirs, ours] = await Promise.all([
      region.ingestOrders(bytes, 'ndjson'),
      gateway.ingestOrders(bytes, 'ndjson'),
    ]);
    expect(invalid(ours.problems)).toEqual(invalid(theirs.problems));
    expect(ours.verdicts).toMatchObject({ accepted: 1, invalid: 13 });
  });

  test.for(['json', 'ndjson'] as BodyFormat[])('refuses what is too large, %s', async (format) => {
    for (const bytes of [
      new Uint8Array(SPEC.limits.bytesPerRequest + 1),
      Buffer.from(`[${'1,'.repeat(10_001)}1]`),
    ]) {
      const [theirs, ours] = await Promise.allSettled([
        region.ingest(bytes, format),
        gateway.ingest(bytes, format),
      ]);
      expect(ours.status).toBe(theirs.status);
      expect((ours as PromiseRejectedResult).reason).toEqual((theirs as PromiseRejectedResult).reason);
    }
  });
});

describe('a request', () => {
  test('is answered when Kafka has all of it, and not before', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.hold();
    let answered = false;
    const asked = gateway.ingest(bytesOf(events(3000)), 'json').then((receipt) => {
      answered = true;
      return receipt;
    });
    await pass(world, 100);
    expect(answered).toBe(false);
    kafka.release();
    expect(await world.run(asked)).toMatchObject({ received: 3000, problems: [], provisional: true });
    expect(kafka.messages.length).toBe(3000);
    // Kafka takes no batch of any size.
    expect(kafka.calls.length).toBeGreaterThan(1);
    expect(gateway.pendingBytes()).toBe(0);
    expect(gateway.status()).toMatchObject({ published: 3000, events: { received: 3000, invalid: 0 } });
  });

  test('shares its way with those that come meanwhile', async () => {
    const { world, kafka, gateway } = openWorld();
    const asked = Promise.all(Array.from({ length: 20 }, () => gateway.ingest(bytesOf(event()), 'json')));
    await world.run(asked);
    expect(kafka.calls).toEqual([20]);
  });

  test('without events needs no Kafka', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.isDown = true;
    expect(await world.run(gateway.ingest(Buffer.from('[]'), 'json'))).toMatchObject({ received: 0 });
    expect(gateway.pendingBytes()).toBe(0);
  });

  test('is sent as it came, also when its bytes are used again', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.hold();
    const bytes = bytesOf({ ...event({ eventId: 'kept' }), more: 'text' });
    const before = bytes.toString();
    const asked = gateway.ingest(bytes, 'json');
    await pass(world, 100);
    bytes.fill(0);
    kafka.release();
    await world.run(asked);
    expect(textOf(kafka.messages[0].headers?.['raw'])).toBe(before);
  });

  test('is refused while more waits than may, before it is read', async () => {
    const { world, kafka, gateway } = openWorld({
      limits: { bytesPerRequest: '1MiB', pendingBytes: '1MiB' },
    });
    kafka.hold();
    const bytes = bytesOf(events(500));
    const first = [gateway.ingest(bytes, 'json'), gateway.ingest(bytes, 'json')];
    await expect(gateway.ingest(bytes, 'json')).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterSeconds: 1,
    });
    expect(gateway.pendingBytes()).toBeLessThanOrEqual(1024 * 1024);
    kafka.release();
    await world.run(Promise.all(first));
    expect(gateway.pendingBytes()).toBe(0);
    await world.run(gateway.ingest(bytes, 'json'));
  });

  test('larger than all that may wait is taken when nothing does', async () => {
    const { world, gateway } = openWorld({ limits: { bytesPerRequest: '1MiB', pendingBytes: '1MiB' } });
    expect(await world.run(gateway.ingest(bytesOf(events(5000)), 'json'))).toMatchObject({ received: 5000 });
  });
});

describe('while Kafka is down', () => {
  test('a request fails, and nothing of it is said to be taken in', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.isDown = true;
    const asked = gateway.ingest(bytesOf(events(2)), 'json');
    await expect(world.run(asked)).rejects.toMatchObject({ code: 'kafka_unreachable', retryAfterSeconds: 1 });
    expect(gateway.status()).toMatchObject({
      events: { received: 0 },
      failures: 1,
      pendingBytes: 0,
      isReady: false,
    });
    expect(gateway.failure).toMatchObject({ code: 'kafka_unreachable' });
  });

  test('the gateway asks whether it is back, and is ready then', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.isDown = true;
    await world.run(gateway.ingest(bytesOf(event()), 'json').catch(() => undefined));
    await pass(world, 100);
    expect(gateway.failure).toBeDefined();
    kafka.isDown = false;
    await pass(world, 1000);
    expect(gateway.failure).toBeUndefined();
    expect(kafka.checked.at(-1)).toEqual(['a.events', 'a.orders']);
    expect(await world.run(gateway.ingest(bytesOf(event()), 'json'))).toMatchObject({ received: 1 });
  });

  test('a request sent again has its messages twice when only the answer was lost', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.losesAnswers = true;
    const bytes = bytesOf(event({ eventId: 'twice' }));
    await expect(world.run(gateway.ingest(bytes, 'json'))).rejects.toMatchObject({
      code: 'kafka_unreachable',
    });
    kafka.losesAnswers = false;
    await world.run(gateway.ingest(bytes, 'json'));
    expect(kafka.messages.map(({ key }) => textOf(key))).toEqual(['twice', 'twice']);
  });
});

describe('while Kafka says nothing', () => {
  test('a request is answered in time, and its memory counts until it is let go of', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.hold();
    const asked = [gateway.ingest(bytesOf(events(2000)), 'json')];
    await pass(world, 100);
    asked.push(gateway.ingest(bytesOf(event()), 'json'));
    const answers = await world.run(Promise.allSettled(asked));
    expect(answers.map((answer) => (answer as PromiseRejectedResult).reason as unknown)).toMatchObject([
      { code: 'kafka_unreachable', message: 'Kafka has not taken in the request within 10 seconds.' },
      { code: 'kafka_unreachable' },
    ]);
    expect(world.monotonicMs()).toBeGreaterThanOrEqual(10_000);
    // The second one never set out; of the first a part is on its way.
    expect(gateway.pendingBytes()).toBeGreaterThan(2000 * 600);
    kafka.release();
    await pass(world, 100);
    expect(gateway.pendingBytes()).toBe(0);
    // What was answered already is not sent any more.
    expect(kafka.calls.length).toBe(1);
    expect(gateway.status().events.received).toBe(0);
  });

  test('a stop waits for the answers, and lets nothing more in', async () => {
    const { world, kafka, gateway } = openWorld();
    kafka.hold();
    const asked = gateway.ingest(bytesOf(event()), 'json');
    await pass(world, 100);
    const closing = gateway.close();
    await expect(gateway.ingest(bytesOf(event()), 'json')).rejects.toMatchObject({ code: 'stopping' });
    expect(kafka.isClosed).toBe(false);
    kafka.release();
    expect(await world.run(asked)).toMatchObject({ received: 1 });
    await world.run(closing);
    expect(kafka.isClosed).toBe(true);
  });
});
