import { describe, expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { describeClusterAudit } from '../../../src/cli/cluster/audit/describe-audit.ts';
import type { Finding } from '../../../src/cluster/audit/finding.ts';
import { adMinute, AuditWorld, attributedOrder, MINUTE, NOW } from './audit-world.ts';

const HOUR = MINUTE - 30 * 60_000;
const DAY = Date.parse('2026-10-05T00:00:00Z');

/** What a finding is about, in short. */
function short({ place, region, start, figures, detail }: Finding): unknown[] {
  const parts = figures.map(({ figure, expected, found }) => `${figure} ${found} for ${expected}`);
  return [place, region, start, ...parts, ...(detail === null ? [] : [detail])];
}

describe('books that are in order', () => {
  test('are exact, and everything was looked at', async () => {
    const audit = await new AuditWorld().audit();
    expect(audit).toMatchObject({ exact: true, wrong: 0, moving: 0, findings: [] });
    expect(audit.arrivals).toMatchObject([
      {
        region: 'a',
        kind: 'event',
        received: 6,
        verdicts: { conflict: 1, counted: 2, duplicate: 1, future: 1, late: 1 },
        minutesEqual: 4,
        minutesProvisional: 0,
      },
      { region: 'a', kind: 'order', received: 2, verdicts: { accepted: 1, duplicate: 1 } },
      { region: 'b', kind: 'event', received: 2, verdicts: { counted: 2 } },
      { region: 'b', kind: 'order', received: 0, minutesEqual: 0 },
    ]);
    expect(audit.counted).toEqual([
      { region: 'a', counted: 2, yielded: 0, isReplayed: false },
      { region: 'b', counted: 2, yielded: 1, isReplayed: false },
    ]);
    const compared = audit.books.map(({ name, kind, equal }) => `${name} ${kind} ${equal}`);
    expect(compared).toEqual([
      'records of a ad-minutes 1',
      'records of b ad-minutes 1',
      'topic a.load.ad-minutes ad-minutes 2',
      'topic b.load.ad-minutes ad-minutes 2',
      'Pinot of a ad-minutes 2',
      'Pinot of b ad-minutes 2',
      'Hive ad-minutes 2',
      'ledger ad-minutes 2',
      'topic a.load.attributed-orders attributed-orders 1',
      'topic b.load.attributed-orders attributed-orders 1',
      'Pinot of b attributed-orders 1',
      'Pinot of b ad-minutes 2',
    ]);
    expect(describeClusterAudit(audit)).toMatch(
      /events of a: received 6 = counted 2 \+ duplicate 1 \+ conflict 1 \+ late 1 \+ future 1;.*\n[^]*\nexact$/,
    );
  });

  test('may have deletions before their updates, as jobs write them', async () => {
    const world = new AuditWorld();
    world.kafka.a.send('a.attributed-orders', { key: 'order', value: null, timestamp: MINUTE });
    world.send('a.attributed-orders', attributedOrder({ recordId: 'order', region: 'a' }));
    expect(await world.audit()).toMatchObject({ exact: true });
  });

  test('may have messages that somebody wrote past the gateway, which are told', async () => {
    const world = new AuditWorld();
    for (const value of ['no json', '[1]', '"text"', 'null']) world.received('a', 'event', 0, null, value);
    const audit = await world.audit();
    expect(audit.exact).toBe(true);
    expect(audit.arrivals[0]).toMatchObject({ received: 10, malformed: 4, minutesEqual: 4 });
  });

  test('need not hold what has left the topics', async () => {
    const world = new AuditWorld();
    world.kafka.a.drop('a.events', 1);
    world.kafka.a.drop('a.clean', 1);
    world.kafka.a.drop('a.load.ad-minutes', 1);
    const audit = await world.audit();
    expect(audit.exact).toBe(true);
    // The first message left arrived 17 seconds into its minute; one a minute older may be among those lost.
    expect(audit.arrivals[0]).toMatchObject({ from: MINUTE + 3 * 60_000, received: 1, minutesEqual: 1 });
    expect(audit.books[0]).toMatchObject({ from: MINUTE + 12 * 60_000, equal: 0 });
    expect(audit.books[2].equal).toBe(0);
  });

  test('of a topic that has lost all are not compared', async () => {
    const world = new AuditWorld();
    world.kafka.a.drop('a.load.attributed-orders', 1);
    const audit = await world.audit();
    expect(audit).toMatchObject({ exact: true });
    expect(audit.books.find(({ name }) => name === 'topic a.load.attributed-orders')).toMatchObject({
      from: null,
    });
  });

  test('may have events twice after a replay of the jobs, and are compared from the records on', async () => {
    const world = new AuditWorld();
    world.replay();
    const audit = await world.audit();
    expect(audit).toMatchObject({ exact: true, counted: [{ counted: 4, isReplayed: true }, {}] });
    expect(audit.books[0]).toMatchObject({ name: 'records of a', from: null });
    expect(describeClusterAudit(audit)).toContain('since a replay of the jobs: not compared');
    world.stores.pinotA.records.delete('a ad-1');
    expect((await world.audit()).exact).toBe(false);
  });

  test('are exact once a store has caught up', async () => {
    const world = new AuditWorld();
    const { pinotA } = world.stores;
    const late = pinotA.records.get('a ad-1')!;
    pinotA.records.delete('a ad-1');
    pinotA.onLook = () => pinotA.looks === 4 && pinotA.records.set('a ad-1', late);
    expect(await world.audit()).toMatchObject({ exact: true, moving: 0 });
    expect(world.stores.hive.looks).toBe(1);
  });
});

describe('nothing is said of what is not settled', () => {
  test('a minute that the job has not read to its end', async () => {
    const world = new AuditWorld();
    world.received('a', 'event', 2, null);
    // Up to the message of the minute before, whose offset is 10.
    world.kafka.a.readBy('adtally-a-aggregation', 'a.events', 12n);
    const audit = await world.audit();
    expect(audit).toMatchObject({ exact: true });
    expect(audit.arrivals[0]).toMatchObject({ minutesEqual: 3, minutesProvisional: 1, waiting: 1 });
    expect(describeClusterAudit(audit)).toContain('1 minute provisional: the job has 1 message to read');
    world.kafka.a.readBy('adtally-a-aggregation', 'a.events');
    expect((await world.audit()).findings.map(short)).toEqual([
      ['verdicts of a', 'a', MINUTE + 120_000, 'verdicts 2 for 3'],
    ]);
  });

  test('a minute that a gateway may still add to', async () => {
    const world = new AuditWorld();
    const minutes = (NOW - MINUTE) / 60_000;
    world.received('a', 'event', minutes - 1, null);
    expect(await world.audit()).toMatchObject({
      exact: true,
      arrivals: [{ minutesProvisional: 1 }, {}, {}, {}],
    });
    world.clock.jump(120_000);
    expect((await world.audit()).wrong).toBe(1);
  });

  test('an hour that was written to shortly before, in a store that takes its time', async () => {
    const world = new AuditWorld();
    const { hive } = world.stores;
    hive.records.delete('a ad-1');
    hive.lagMs = NOW - MINUTE;
    const audit = await world.audit();
    expect(audit).toMatchObject({ exact: true });
    expect(audit.books.find(({ name }) => name === 'Hive')).toMatchObject({ equal: 1, provisional: 1 });
    // The record was written half a minute after MINUTE.
    hive.lagMs = NOW - MINUTE - 30_000;
    expect((await world.audit()).wrong).toBe(1);
  });

  test('records that change with every look', async () => {
    const world = new AuditWorld();
    let revision = 2;
    world.stores.pinotA.onLook = () =>
      world.stores.pinotA.records.set('a ad-1', adMinute({ revision: ++revision, impressions: revision }));
    expect(await world.audit([world.stores.pinotA])).toMatchObject({
      exact: true,
      moving: 2,
    });
    expect(world.stores.pinotA.looks).toBe(12);
  });
});

const foreign = adMinute({ revision: 9, impressions: 1, clicks: 1, costMicros: 251_501 });
const RECORD = 'revisions 9 for 2';

describe('each of these is found where it is', () => {
  test.for<[string, (world: AuditWorld) => void, unknown[][]]>([
    [
      'a verdict too few',
      (world) => world.judged('a', 'event', MINUTE + 60_000, 'duplicate', -1),
      [['verdicts of a', 'a', MINUTE + 60_000, 'verdicts 1 for 2']],
    ],
    [
      'a verdict too many',
      (world) => world.judged('a', 'order', MINUTE, 'stale', 1),
      [['verdicts of a', 'a', MINUTE, 'verdicts 3 for 2']],
    ],
    [
      'a verdict in a minute in which nothing came',
      (world) => world.judged('b', 'event', MINUTE - 60_000, 'late', 1),
      [['verdicts of b', 'b', MINUTE - 60_000, 'verdicts 1 for 0']],
    ],
    [
      'an event called counted that was not',
      (world) => {
        world.judged('a', 'event', MINUTE + 60_000, 'duplicate', -1);
        world.judged('a', 'event', MINUTE + 60_000, 'counted', 1);
      },
      [['counted events of a', 'a', null, 'counted 2 for 3']],
    ],
    [
      'a record that has not what was counted',
      (world) => {
        const record = adMinute({ revision: 3, impressions: 2, clicks: 1, costMicros: 251_500 });
        world.send('a.ad-minutes', record);
        world.loaded('ad-minutes', record);
      },
      [['records of a against counted events of a', 'a', MINUTE, 'impressions 2 for 1']],
    ],
    [
      'a record somebody else wrote into a load topic with a higher revision',
      (world) => world.send('b.load.ad-minutes', foreign),
      [['topic b.load.ad-minutes', 'a', MINUTE, RECORD, 'costMicros 251501 for 251500']],
    ],
    [
      'the same with the same figures',
      (world) => world.send('a.load.ad-minutes', { ...foreign, costMicros: 251_500 }),
      [['topic a.load.ad-minutes', 'a', MINUTE, RECORD]],
    ],
    [
      'a record that one Pinot has not',
      (world) => void world.stores.pinotB.records.delete('b ad-1'),
      [
        ['Pinot of b', 'b', MINUTE, 'records 0 for 1', 'revisions 0 for 3', 'impressions 0 for 1'],
        [
          'Pinot of b against Pinot of a',
          'b',
          MINUTE,
          'records 0 for 1',
          'revisions 0 for 3',
          'impressions 0 for 1',
        ],
      ],
    ],
    [
      'a record that both Pinots have twice',
      (world) => {
        world.stores.pinotA.records.set('again', adMinute({ recordId: 'again', revision: 1 }));
        world.stores.pinotB.records.set('again', adMinute({ recordId: 'again', revision: 1 }));
      },
      [
        ['Pinot of a', 'a', MINUTE, 'records 2 for 1', 'revisions 3 for 2'],
        ['Pinot of b', 'a', MINUTE, 'records 2 for 1', 'revisions 3 for 2'],
      ],
    ],
    [
      'an order with other credit',
      (world) =>
        world.stores.ordersB.records.set('order', attributedOrder({ region: 'a', creditMicros: 46 })),
      [['Pinot of b', 'a', MINUTE, 'creditMicros 46 for 47']],
    ],
    [
      'an hour of Hive and a day of the ledger',
      (world) => {
        world.stores.hive.records.set('a ad-1', adMinute({ revision: 1, impressions: 1, costMicros: 1500 }));
        world.stores.ledger.records.set('a ad-1', adMinute({ costMicros: 1500 }));
      },
      [
        ['Hive', 'a', HOUR, 'revisions 1 for 2', 'clicks 0 for 1', 'costMicros 1500 for 251500'],
        ['ledger', 'a', DAY, 'costMicros 1500 for 251500'],
      ],
    ],
    [
      'a message that no job writes',
      (world) =>
        world.kafka.a.send('a.load.ad-minutes', { key: 'x', value: '{"recordId":"x"}', timestamp: NOW }),
      [
        [
          'topic a.load.ad-minutes',
          'a',
          null,
          'messages that no job writes so 1 for 0',
          'The first is in topic a.load.ad-minutes, partition 0, offset 6.',
        ],
      ],
    ],
    [
      'a store that does not answer',
      (world) => {
        world.stores.pinotB.onLook = () => {
          throw new AdtallyError('reporting_unavailable', 'Nobody there.');
        };
      },
      [
        ['Pinot of b', null, null, 'Pinot of b: Nobody there.'],
        ['Pinot of b against Pinot of a', null, null, 'Pinot of b: Nobody there.'],
      ],
    ],
  ])('%s', async ([, damage, expected]) => {
    const world = new AuditWorld();
    damage(world);
    const audit = await world.audit();
    expect(audit.findings.map(short)).toEqual(expected);
    expect(audit).toMatchObject({ exact: false, wrong: expected.length });
    for (const { advice } of audit.findings) expect(describeClusterAudit(audit)).toContain(advice);
    expect(describeClusterAudit(audit)).toMatch(/\nNOT exact$/);
  });

  test('sums past 2^53 are compared digit by digit', async () => {
    const world = new AuditWorld();
    const send = (topic: string, cost: string): void => {
      const value = JSON.stringify(adMinute({ revision: 5 })).replace(':0}', `:${cost}}`);
      world.kafka.a.send(topic, { key: 'a ad-1', value, timestamp: NOW });
    };
    send('a.ad-minutes', '9007199254740993');
    send('a.load.ad-minutes', '9007199254740992');
    const { findings } = await world.audit();
    expect(findings.map(short)).toContainEqual([
      'topic a.load.ad-minutes',
      'a',
      MINUTE,
      'costMicros 9007199254740992 for 9007199254740993',
    ]);
  });
});

test('what could not be read is not taken for nothing', async () => {
  const world = new AuditWorld();
  world.kafka.b.isSilent = true;
  await expect(world.audit()).rejects.toMatchObject({
    code: 'kafka_unreachable',
    message: 'Kafka gave 0 of 24 messages and then nothing for 60 seconds.',
  });
});

test('a foreign message of the lower revision changes nothing, of the same one it does', async () => {
  const world = new AuditWorld();
  world.send('a.load.ad-minutes', { ...foreign, revision: 1 });
  expect(await world.audit()).toMatchObject({ exact: true });
  world.send('a.load.ad-minutes', { ...foreign, revision: 2 });
  expect((await world.audit()).findings.map(short)).toEqual([
    ['topic a.load.ad-minutes', 'a', MINUTE, 'costMicros 251501 for 251500'],
  ]);
});
