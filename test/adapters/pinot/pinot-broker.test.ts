import { afterEach, describe, expect, test } from 'vitest';
import { openPinotReports } from '../../../src/adapters/pinot/open-pinot-reports.ts';
import { HttpPinotBroker } from '../../../src/adapters/pinot/pinot-broker.ts';
import { FakePinot, type PinotAnswers } from './fake-pinot.ts';

/** A whole answer of one server. */
const WHOLE = {
  exceptions: [],
  numServersQueried: 2,
  numServersResponded: 2,
  numSegmentsQueried: 4,
  numConsumingSegmentsQueried: 3,
  numGroupsLimitReached: false,
  totalDocs: 7,
  timeUsedMs: 5,
};
const TABLE = '"resultTable":{"rows":[["x",9007199254740993,1.5,"18014398509481981"]]}';

let pinot: FakePinot | undefined;
afterEach(async () => {
  await pinot?.stop();
  pinot = undefined;
});

async function broker(answers: PinotAnswers, timeoutMs = 5000): Promise<HttpPinotBroker> {
  pinot = await FakePinot.start(answers);
  return new HttpPinotBroker({ url: pinot.url, authorization: 'Basic eA==', timeoutMs, groupsMax: 500 });
}

const saying = (change: object): PinotAnswers => {
  const text = JSON.stringify({ ...WHOLE, ...change });
  return () => [200, `{${TABLE},${text.slice(1)}`];
};

test('the answer is exact, and the query is sent as it is', async () => {
  const asked = await broker(saying({}));
  expect(await asked.query("SELECT 'ö'")).toEqual({
    rows: [['x', 9007199254740993n, 1.5, '18014398509481981']],
    totalDocs: 7,
    openSegments: 3,
    ms: 5,
  });
  const [{ method, path, headers, body }] = pinot!.requests;
  expect([method, path, headers['authorization']]).toEqual(['POST', '/query/sql', 'Basic eA==']);
  expect(JSON.parse(body)).toEqual({
    sql: "SELECT 'ö'",
    queryOptions: 'timeoutMs=4500;numGroupsLimit=500',
  });
});

const failed = (errorCode: number): object => ({
  exceptions: [{ errorCode, message: 'Why:\njava…\n at' }],
});

describe('what is not a whole answer is none', () => {
  test.for([
    [
      'a server that did not answer',
      { numServersResponded: 1 },
      'reporting_unavailable',
      /Of 2 .* 1 answered/,
    ],
    ['a part of a result', { partialResult: true }, 'reporting_unavailable', /part of the figures/],
    ['no segment', { numSegmentsQueried: 0 }, 'reporting_unavailable', /not ready yet/],
    ['groups that were cut off', { numGroupsLimitReached: true }, 'capacity', /fewer groups/],
    ['groups that were trimmed', { groupsTrimmed: true }, 'capacity', /fewer groups/],
    ['no result', { resultTable: undefined }, 'reporting_unavailable', /without a result/],
    ['segments that are away', failed(305), 'reporting_unavailable', /\(305\): Why: java…/],
    ['a server that took too long', failed(250), 'query_too_long', /250/],
    ['a broker that took too long', failed(400), 'query_too_long', /400/],
    ['a quota', failed(429), 'overloaded', /429/],
    ['a full server', failed(211), 'overloaded', /211/],
  ] as const)('%s', async ([, change, code, message]) => {
    const answers = saying(change);
    const isWithout = 'resultTable' in change;
    const asked = await broker(isWithout ? () => [200, JSON.stringify(WHOLE)] : answers);
    const failure = await asked.query('SELECT 1').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect((failure as Error).message).toMatch(message);
  });

  test('segments that need not be read are no missing ones', async () => {
    const asked = await broker(saying({ numSegmentsQueried: 0, numSegmentsPrunedByBroker: 4 }));
    expect((await asked.query('SELECT 1')).rows).toHaveLength(1);
  });

  test.for([
    [503, 'busy'],
    [200, '<html>'],
    [200, 'null'],
  ] as const)('status %i with %s', async ([status, text]) => {
    const asked = await broker(() => [status, text]);
    await expect(asked.query('SELECT 1')).rejects.toMatchObject({ code: 'reporting_unavailable' });
  });

  test('nothing in time, or nobody there', async () => {
    const asked = await broker(() => undefined, 100);
    await expect(asked.query('SELECT 1')).rejects.toThrow(/does not answer/);
    await pinot!.stop();
    pinot = undefined;
    await expect(asked.query('SELECT 1')).rejects.toMatchObject({ code: 'reporting_unavailable' });
  });
});

test('reports are read from the broker', async () => {
  pinot = await FakePinot.start(saying({ totalDocs: 1 }));
  const reports = openPinotReports({
    brokerUrl: pinot.url,
    regions: ['a'],
    campaigns: () => Promise.resolve([]),
    progress: () => Promise.resolve(null),
    heldFrom: () => 0,
  });
  expect((await reports.status()).state).toBe('running');
});
