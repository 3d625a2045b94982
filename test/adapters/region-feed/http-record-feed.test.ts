import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCampaigns } from '../../../src/adapters/region-feed/http-campaigns.ts';
import { HttpRecordFeed } from '../../../src/adapters/region-feed/http-record-feed.ts';
import { RegionReader } from '../../../src/adapters/region-feed/region-reader.ts';
import { adMinute } from '../../union-load/loader-world.ts';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let sockets = 0;
beforeEach(async () => {
  sockets = 0;
  server = createServer((request, response) => answer(request, response));
  server.on('connection', () => sockets++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const never = new AbortController().signal;
const ID = { region: 'a', kind: 'ad-minutes' } as const;
const PAGE = { records: [adMinute('a', 'x', 1)], cursor: 'c1', caughtUp: true, asOf: 5, finalBefore: 0 };

function feed(
  options: { secret?: string; timeoutMs?: number; answerBytesMax?: number } = {},
): HttpRecordFeed<'ad-minutes'> {
  return new HttpRecordFeed(ID, new RegionReader({ url: `${url}/`, ...options }));
}

function json(value: unknown, status = 200): typeof answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

describe('a feed over HTTP', () => {
  test('asks for the page after the cursor, with its secret, on connections that are kept', async () => {
    const asked: unknown[] = [];
    answer = (request, response) => {
      asked.push([request.url, request.headers.authorization]);
      json(PAGE)(request, response);
    };
    const given = feed({ secret: 's3cret' });
    expect(await given.next(undefined, 10, 0, never)).toEqual(PAGE);
    expect(await given.next('a b', 20, 7, never)).toEqual(PAGE);
    expect(asked).toEqual([
      ['/v1/changes/ad-minutes?limit=10&waitMs=0', 'Bearer s3cret'],
      ['/v1/changes/ad-minutes?limit=20&waitMs=7&after=a+b', 'Bearer s3cret'],
    ]);
    for (let n = 0; n < 20; n++) await given.next(undefined, 10, 0, never);
    expect(sockets).toBeLessThan(5);
  });

  test.for([
    ['cursor_expired', 410],
    ['bad_cursor', 400],
    ['unauthorized', 401],
    ['stopping', 503],
  ] as const)('passes on what the region says: %s', async ([code, status]) => {
    answer = json({ code, detail: 'why' }, status);
    await expect(feed().next('x', 1, 0, never)).rejects.toMatchObject({ code, message: `${url}: why` });
  });

  const STRANGE: readonly (readonly [string, unknown])[] = [
    ['no object', 5],
    ['no cursor', { ...PAGE, cursor: '' }],
    ['no caughtUp', { ...PAGE, caughtUp: 1 }],
    ['no asOf', { ...PAGE, asOf: null }],
    ['no records', { ...PAGE, records: {} }],
    ['a record that is none', { ...PAGE, records: [null] }],
    ['a fraction', { ...PAGE, records: [{ ...adMinute('a', 'x', 1), clicks: 0.5 }] }],
    ['a number past 2^53', { ...PAGE, records: [{ ...adMinute('a', 'x', 1), costMicros: 2 ** 53 }] }],
    ['no record id', { ...PAGE, records: [{ ...adMinute('a', 'x', 1), recordId: 'x' }] }],
    ['a record of another region', { ...PAGE, records: [adMinute('b', 'x', 1)] }],
  ];
  test.for(STRANGE)('lets in nothing that would bring a sink to a halt: %s', async ([, page]) => {
    answer = json(page);
    await expect(feed().next(undefined, 1, 0, never)).rejects.toMatchObject({ code: 'unreachable' });
  });

  const FAULTS: readonly (readonly [string, () => void, string])[] = [
    ['a broken answer', () => (answer = (_, response) => response.end('<html>')), 'is not JSON'],
    ['a server error', () => (answer = json({}, 500)), 'the status is 500'],
    [
      'a redirect',
      () => (answer = (_, response) => response.writeHead(302, { location: '/' }).end()),
      'is 302',
    ],
    ['a lost connection', () => (answer = (request) => request.socket.destroy()), 'does not answer'],
    ['silence', () => (answer = () => undefined), 'no whole answer came in time'],
    ['a large answer', () => (answer = (_, response) => response.end('x'.repeat(5000))), 'more than 4000'],
    [
      'an answer without end',
      () => (answer = (_, response) => void response.write('[')),
      'no whole answer came in time',
    ],
  ];
  test.for(FAULTS)('makes one kind of error of %s', async ([, arrange, message]) => {
    arrange();
    const asked = feed({ timeoutMs: 200, answerBytesMax: 4000 }).next(undefined, 1, 0, never);
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
    await expect(asked).rejects.toThrow(message);
  });

  test('says so when nothing listens', async () => {
    server.close();
    await expect(feed().next(undefined, 1, 0, never)).rejects.toThrow('nothing listens there');
  });

  test('a stop ends the question', async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    await expect(feed().next(undefined, 1, 60_000, stop.signal)).rejects.toMatchObject({
      code: 'unreachable',
    });
  });
});

test('campaigns come page by page; what one does not say is null', async () => {
  answer = (request, response) => {
    const isFirst = request.url === '/v1/campaigns?limit=1000';
    expect(request.url).toBe(isFirst ? request.url : '/v1/campaigns?limit=1000&after=c%201');
    const first = { campaigns: [{ campaignId: 'c 1', merchantId: 'm', placement: 'top' }], next: 'c 1' };
    json(isFirst ? first : { campaigns: [{ campaignId: 'd' }], next: null })(request, response);
  };
  expect(await readCampaigns(new RegionReader({ url }), never)).toEqual([
    { campaignId: 'c 1', merchantId: 'm', placement: 'top' },
    { campaignId: 'd', merchantId: null, placement: null },
  ]);
});
