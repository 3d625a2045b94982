import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MIB } from '../../src/base/units.ts';
import { ingestReceipt } from '../../src/server/openapi/schemas.ts';
import { receiptJson } from '../../src/server/routes/events.ts';
import {
  type TestServer,
  event,
  events,
  expectJson,
  expectProblem,
  openTestServer,
} from './server-fixture.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const lines = (items: readonly object[]): string => items.map((item) => JSON.stringify(item)).join('\n');

const gzip = (text: string): Buffer => gzipSync(text);
const zstd = (text: string): Buffer => zstdCompressSync(text);
const halves = (text: string): [string, string] => [text.slice(0, 40), text.slice(40)];

const corrupt = (bytes: Buffer): Buffer => {
  bytes[Math.floor(bytes.length / 2)] ^= 0xff;
  return bytes;
};

const padded = (bytes: number): string => {
  const text = JSON.stringify(event());
  return text + ' '.repeat(bytes - text.length);
};

const verdictsOf = async (response: Response): Promise<Record<string, number>> => {
  const { received, verdicts } = await expectJson(response, ingestReceipt);
  const given = Object.entries(verdicts).filter(([, count]) => count > 0);
  expect(given.reduce((sum, [, count]) => sum + count, 0)).toBe(received);
  return Object.fromEntries(given);
};

describe('POST /v1/events', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({
      config: { limits: { bytesPerRequest: '1MiB', eventsPerRequest: 1000 } },
    });
  });
  afterAll(() => server.close());

  const post = (body: BodyInit, headers: Record<string, string> = JSON_TYPE): Promise<Response> =>
    server.post('/v1/events', body, headers);
  const bodies: readonly [string, Record<string, string>, () => string, number][] = [
    ['an object', JSON_TYPE, () => JSON.stringify(event()), 1],
    ['an array', JSON_TYPE, () => JSON.stringify(events(3)), 3],
    ['an empty array', JSON_TYPE, () => '[]', 0],
    ['lines', { 'content-type': 'application/x-ndjson' }, () => lines(events(3)), 3],
    ['lines (ndjson)', { 'content-type': 'application/ndjson' }, () => `${lines(events(2))}\n`, 2],
    ['lines (jsonl)', { 'content-type': 'application/jsonl; charset=UTF-8' }, () => lines(events(2)), 2],
    ['no lines', { 'content-type': 'application/x-ndjson' }, () => '', 0],
    ['a type in capitals', { 'content-type': 'Application/JSON' }, () => JSON.stringify(event()), 1],
  ];
  test.for(bodies)('counts %s', async ([, headers, body, counted]) => {
    expect(await verdictsOf(await post(body(), headers))).toEqual(counted === 0 ? {} : { counted });
  });

  test('says what became of each event, and a retry counts nothing twice', async () => {
    const body = JSON.stringify([event(), event(), { eventId: 'no-more-than-this' }]);
    const receipt = await expectJson(await post(body), ingestReceipt);
    expect(receipt.verdicts).toMatchObject({ counted: 2, invalid: 1 });
    expect(receipt.problems).toEqual([
      {
        index: 2,
        eventId: 'no-more-than-this',
        verdict: 'invalid',
        code: 'missing_field',
        message: 'eventType is missing.',
      },
    ]);
    expect(await verdictsOf(await post(body))).toEqual({ duplicate: 2, invalid: 1 });
  });

  test('the receipt without problems is the JSON it stands for', () => {
    const verdicts = { counted: 1, duplicate: 2, conflict: 3, late: 4, future: 5, invalid: 6 };
    const receipt = { received: 21, verdicts, problems: [] };
    expect(JSON.parse(receiptJson(receipt))).toEqual(receipt);
  });

  test.for([
    ['gzip', 'gzip', gzip],
    ['x-gzip', 'x-gzip', gzip],
    ['zstd', 'zstd', zstd],
    ['identity', 'identity', (text: string) => Buffer.from(text)],
    ['gzip in two members', 'gzip', (text: string) => Buffer.concat(halves(text).map(gzip))],
    ['zstd in two frames', 'zstd', (text: string) => Buffer.concat(halves(text).map(zstd))],
  ] as const)('reads %s', async ([, encoding, compress]) => {
    const body = compress(JSON.stringify(events(5)));
    const response = await post(new Uint8Array(body), { ...JSON_TYPE, 'content-encoding': encoding });
    expect(await verdictsOf(response)).toEqual({ counted: 5 });
  });

  const plain = JSON.stringify(events(5));
  test.for([
    ['no gzip at all', 'gzip', () => Buffer.from(plain)],
    ['nothing as gzip', 'gzip', () => Buffer.alloc(0)],
    ['gzip cut short', 'gzip', () => gzip(plain).subarray(0, -4)],
    ['gzip with a wrong byte', 'gzip', () => corrupt(gzip(plain))],
    ['gzip and rubbish', 'gzip', () => Buffer.concat([gzip(plain), Buffer.from('rubbish')])],
    ['gzip and zeros', 'gzip', () => Buffer.concat([gzip(plain), Buffer.alloc(9)])],
    ['gzip, then half a member', 'gzip', () => Buffer.concat([gzip(plain), gzip(plain).subarray(0, 30)])],
    ['no zstd at all', 'zstd', () => Buffer.from(plain)],
    ['zstd cut short', 'zstd', () => zstd(plain).subarray(0, -4)],
    ['zstd and rubbish', 'zstd', () => Buffer.concat([zstd(plain), Buffer.from('rubbish')])],
    ['gzip named zstd', 'zstd', () => gzip(plain)],
    ['zstd that asks for a window of 64 MiB', 'zstd', () => wideWindow()],
  ] as const)('refuses %s and counts nothing', async ([, encoding, body]) => {
    const before = server.region.status().received;
    const response = await post(new Uint8Array(body()), { ...JSON_TYPE, 'content-encoding': encoding });
    expect(await expectProblem(response, 'bad_encoding')).toMatch(encoding);
    expect(server.region.status().received).toBe(before);
  });

  test.for([
    ['gzip', gzipSync(Buffer.alloc(200 * MIB))],
    ['zstd', zstdCompressSync(Buffer.alloc(200 * MIB))],
  ] as const)('a %s bomb is refused before it grows', async ([encoding, bomb]) => {
    expect(bomb.length).toBeLessThan(MIB / 2);
    const before = process.memoryUsage().arrayBuffers;
    const headers = { ...JSON_TYPE, 'content-encoding': encoding };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(new Uint8Array(bomb), headers)));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB);
    for (const answer of answers) {
      expect(await expectProblem(answer, 'too_large')).toBe(
        'The body decompresses to more than 1048576 bytes.',
      );
    }
  });

  test.for([
    [{ 'content-type': 'text/plain' }, 'Content-Type is "text/plain"; allowed: application/json,'],
    [{ 'content-type': 'constructor' }, 'Content-Type is missing or malformed; allowed: application/json,'],
    [{ 'content-type': '' }, 'Content-Type is missing or malformed'],
    [{ 'content-type': 'application/json; charset=utf-16' }, 'charset is "utf-16"; allowed: utf-8.'],
    [{ ...JSON_TYPE, 'content-encoding': 'br' }, 'Content-Encoding is "br"; allowed: gzip, zstd, identity.'],
    [{ ...JSON_TYPE, 'content-encoding': 'gzip, gzip' }, 'Content-Encoding is "gzip, gzip"'],
  ] as const)('refuses %o', async ([headers, detail]) => {
    const response = await post(JSON.stringify(event()), headers);
    expect(await expectProblem(response, 'unsupported_media_type')).toContain(detail);
  });

  test('refuses more events or bytes than the limits, and takes exactly the limits', async () => {
    expect(await verdictsOf(await post(JSON.stringify(events(1000))))).toEqual({ counted: 1000 });
    expect(await expectProblem(await post(JSON.stringify(events(1001))), 'too_large')).toContain('1000');
    expect(await verdictsOf(await post(padded(MIB)))).toEqual({ counted: 1 });
    await expectProblem(await post(padded(MIB + 1)), 'too_large');
    const compressed = new Uint8Array(gzipSync(padded(MIB + 1)));
    await expectProblem(await post(compressed, { ...JSON_TYPE, 'content-encoding': 'gzip' }), 'too_large');
  });

  test.for([
    ['an empty body', ''],
    ['no JSON', 'hello'],
    ['half an object', '{"eventId":"e'],
    ['a number', '42'],
    ['null', 'null'],
    ['a lone surrogate', JSON.stringify(event({ adId: 'x' })).replace('"x"', String.raw`"\ud800"`)],
    ['bad UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
    ['a byte order mark', `\ufeff${JSON.stringify(event())}`],
    ['NUL', '\0'],
    ['an id of 129 characters', JSON.stringify(event({ eventId: 'x'.repeat(129) }))],
    ['a key given twice', JSON.stringify(event()).replace('{', '{"adId":"other",')],
    ['a negative cost', JSON.stringify(event({ costMicros: -1 }))],
    ['a cost of 2^53', JSON.stringify(event({ costMicros: 2 ** 53 }))],
    ['1e400', JSON.stringify(event()).replace('1500', '1e400')],
    ['depth 10,000', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ] as const)('%s is one invalid event, answered 200', async ([, body]) => {
    const given = typeof body === 'string' ? body : new Uint8Array(body);
    expect(await verdictsOf(await post(given))).toEqual({ invalid: 1 });
  });

  test('keys of the prototype are fields like any other', async () => {
    const text = JSON.stringify(event()).replace('{', '{"__proto__":{"polluted":1},"constructor":null,');
    expect(await verdictsOf(await post(text))).toEqual({ counted: 1 });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

/** A frame of two raw bytes, "[]", whose header asks for a window of 2^26 bytes (RFC 8878 §3.1.1). */
function wideWindow(): Buffer {
  const [magic, header, block] = [
    [0x28, 0xb5, 0x2f, 0xfd],
    [0x00, (26 - 10) << 3],
    [(2 << 3) | 1, 0, 0],
  ];
  return Buffer.from([...magic, ...header, ...block, ...Buffer.from('[]')]);
}
