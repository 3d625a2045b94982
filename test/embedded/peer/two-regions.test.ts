import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/base/units.ts';
import { eventOf, NOW, orderOf, RegionPair } from './region-pair.ts';

let pair: RegionPair;

beforeEach(async () => {
  pair = await RegionPair.open();
});
afterEach(() => pair.close());

/** Impressions and cost of both regions. */
function sums(): { readonly a: unknown; readonly b: unknown } {
  const [a, b] = (['a', 'b'] as const).map((name) =>
    pair
      .minutes(name)
      .reduce((sum, { impressions, costMicros }) => [sum[0] + impressions, sum[1] + costMicros], [0, 0]),
  );
  return { a, b };
}

describe('an event that comes to both regions', () => {
  test('counts in the first one, when each counted it before it heard of the other', async () => {
    expect([await pair.send('a', eventOf('e')), await pair.send('b', eventOf('e'))]).toEqual([
      'counted',
      'counted',
    ]);
    expect(sums()).toEqual({ a: [1, 1500], b: [1, 1500] });
    await pair.heal();
    expect(sums()).toEqual({ a: [1, 1500], b: [0, 0] });
    expect(pair.minutes('b')[0].revision).toBe(2);
    expect(pair.b.audit()).toMatchObject({ balanced: true, yielded: { impressions: 1, costMicros: 1500n } });
    expect([await pair.send('a', eventOf('e')), await pair.send('b', eventOf('e'))]).toEqual([
      'duplicate',
      'duplicate',
    ]);
  });

  test('counts in the first one, also when the second one was first and the first one knew', async () => {
    await pair.send('b', eventOf('e'));
    await pair.hear('a');
    expect(await pair.send('a', eventOf('e'))).toBe('counted');
    await pair.heal();
    expect(sums()).toEqual({ a: [1, 1500], b: [0, 0] });
  });

  test('does not count in the second one when that has heard of it', async () => {
    await pair.send('a', eventOf('e'));
    await pair.hear('b');
    expect(await pair.send('b', eventOf('e'))).toBe('duplicate');
    expect(await pair.send('b', eventOf('e', { costMicros: 7 }))).toBe('conflict');
    await pair.heal();
    expect(sums()).toEqual({ a: [1, 1500], b: [0, 0] });
  });

  test('counts once with other content, too: that of the second region is withdrawn from where it was counted', async () => {
    await pair.send('a', eventOf('e'));
    await pair.send(
      'b',
      eventOf('e', { adId: 'ad-2', userId: 'u-2', eventTime: NOW - 5 * MINUTE_MS, costMicros: 7 }),
    );
    await pair.hear('b');
    expect(sums()).toEqual({ a: [1, 1500], b: [1, 7] });
    await pair.heal();
    expect(sums()).toEqual({ a: [1, 1500], b: [0, 0] });
    for (const region of [pair.a, pair.b]) {
      expect(region.touches('u-2', 0, NOW)).toEqual([]);
      expect(region.touches('u-1', 0, NOW)).toMatchObject([{ eventId: 'e', region: 'a' }]);
    }
    expect(await pair.send('b', eventOf('e', { adId: 'ad-2' }))).toBe('conflict');
  });

  test('is a conflict in the first one, too, when that has heard of it with other content', async () => {
    await pair.send('b', eventOf('e'));
    await pair.hear('a');
    expect(await pair.send('a', eventOf('e', { costMicros: 9 }))).toBe('conflict');
    await pair.heal();
    expect(sums()).toEqual({ a: [0, 0], b: [1, 1500] });
  });

  test('is taken out once, whatever page comes again', async () => {
    await pair.send('a', eventOf('e'));
    await pair.send('b', eventOf('e'));
    await pair.send('b', eventOf('other'));
    const { page } = await pair.a.peerPage({ data: '', block: 0 });
    for (let times = 0; times < 3; times++) await pair.b.takePeerPage(page);
    await pair.heal();
    await pair.b.takePeerPage(page);
    expect(sums()).toEqual({ a: [1, 1500], b: [1, 1500] });
    expect(pair.b.status().peer).toMatchObject({ yielded: 1, blocksMissed: 0 });
  });
});

describe('a restart', () => {
  test('goes on where it was, and remembers whose an id is', async () => {
    await pair.send('a', eventOf('both'));
    await pair.send('b', eventOf('both'));
    await pair.send('a', eventOf('of a'));
    await pair.send('b', eventOf('of b'));
    await pair.heal();
    const before = [pair.minutes('a'), pair.minutes('b')];
    for (const name of ['a', 'b', 'a'] as const) await pair.reopen(name);
    expect([pair.minutes('a'), pair.minutes('b')]).toEqual(before);
    await pair.heal();
    expect([pair.minutes('a'), pair.minutes('b')]).toEqual(before);
    expect(await pair.send('b', eventOf('of a'))).toBe('duplicate');
    expect(await pair.send('a', eventOf('of b'))).toBe('counted');
    await pair.heal();
    expect(sums()).toEqual({ a: [3, 4500], b: [0, 0] });
  });

  test('ships what was counted before it, from the log', async () => {
    for (let n = 0; n < 50; n++) await pair.send('a', eventOf(`e-${n}`));
    await pair.send('a', eventOf('e-1'));
    await pair.reopen('a');
    await pair.reopen('a');
    await pair.hear('b');
    expect(pair.b.touches('u-1', 0, NOW)).toHaveLength(50);
    for (let n = 50; n < 60; n++) await pair.send('a', eventOf(`e-${n}`));
    await pair.hear('b');
    expect(pair.b.touches('u-1', 0, NOW)).toHaveLength(60);
  });

  test('ships from the log while more comes in, and reads no segment anew for every page', async () => {
    // Two pages and a half: what nobody interprets is kept in the log, and is shipped.
    const filler = 'x'.repeat(60_000);
    for (let n = 0; n < 90; n++) await pair.send('a', eventOf(`e-${n}`, { filler }));
    await pair.reopen('a');
    const opened = pair.countLogReads('a');
    for (let pages = 0, isEmpty = false; !isEmpty; pages++) {
      const next = await pair.a.peerPage(pair.b.peerPosition());
      await pair.b.takePeerPage(next.page);
      ({ isEmpty } = next);
      if (pages < 3) await pair.send('a', eventOf(`later-${pages}`));
    }
    expect(pair.b.touches('u-1', 0, NOW)).toHaveLength(93);
    // Once for all that was there, and once for what came since.
    expect(opened()).toBeLessThanOrEqual(2);
  });

  test('of a peer on an empty directory is noticed, and all of it is heard anew', async () => {
    await pair.send('a', eventOf('old'));
    await pair.heal();
    await pair.reopen('a', { isNew: true });
    await pair.send('a', eventOf('new'));
    await pair.heal();
    expect(pair.b.touches('u-1', 0, NOW).map(({ eventId }) => eventId)).toEqual(['new', 'old']);
  });

  test('of a peer from an old copy is refused: it would count what it has counted before', async () => {
    await pair.send('a', eventOf('e'));
    await pair.hear('b');
    const { data, block } = pair.b.peerPosition();
    await expect(pair.a.peerPage({ data, block: block + 10 })).rejects.toMatchObject({ code: 'bad_cursor' });
  });
});

describe('what is over', () => {
  test('waits for the peer: an id is remembered until the peer has been heard', async () => {
    await pair.send('b', eventOf('e'));
    // The first region has counted it, too, and nobody can say so for three days.
    await pair.send('a', eventOf('e'));
    pair.now = NOW + 3 * DAY_MS;
    await pair.send('a', eventOf('later', { eventTime: pair.now }));
    await pair.send('b', eventOf('later too', { eventTime: pair.now }));
    expect(pair.b.status().rememberedIds).toBe(2);
    await pair.heal();
    expect(sums().b).toEqual([1, 1500]);
    // Once both have heard of each other, what is old goes.
    pair.now += DAY_MS + 2 * HOUR_MS;
    await pair.send('b', eventOf('latest', { eventTime: pair.now }));
    await pair.heal();
    await pair.heal();
    expect(pair.b.status().rememberedIds).toBe(1);
  });

  test('does not wait longer than replication.holdMax', async () => {
    await pair.close();
    pair = await RegionPair.open({ replication: { holdMax: '1d' } });
    await pair.send('a', eventOf('e'));
    pair.now = NOW + 4 * DAY_MS;
    await pair.send('a', eventOf('later', { eventTime: pair.now }));
    expect(pair.a.status().rememberedIds).toBe(1);
    expect(pair.a.status().peer!.settled).toBe(pair.now - DAY_MS);
  });
});

describe('an order', () => {
  const click = eventOf('click', { eventType: 'click', eventTime: NOW - MINUTE_MS });

  test('in one region finds the click that went to the other one', async () => {
    await pair.send('a', click);
    await pair.order('b', orderOf('o'));
    expect(pair.orders('b')).toMatchObject([{ outcome: 'unattributed', reason: 'no_touch' }]);
    await pair.heal();
    expect(pair.orders('b')).toMatchObject([
      { outcome: 'attributed', touchEventId: 'click', touchRegion: 'a', revision: 2 },
    ]);
    expect(pair.orders('a')).toEqual([]);
  });

  test('that comes to both belongs to the first one; the other one yields', async () => {
    await pair.send('a', click);
    await pair.order('b', orderOf('o'));
    await pair.order('a', orderOf('o'));
    await pair.heal();
    expect(pair.orders('a')).toMatchObject([{ outcome: 'attributed', creditMicros: 9_000_000 }]);
    expect(pair.orders('b')).toMatchObject([
      { outcome: 'yielded', reason: null, creditMicros: 0, adId: null },
    ]);
  });

  test('of one region is refunded through the other one, and stays where its touches are known', async () => {
    await pair.send('b', click);
    await pair.order('b', orderOf('o'));
    await pair.heal();
    expect(
      await pair.order('a', orderOf('o', { orderVersion: 2, orderStatus: 'refunded', amountMicros: 1 })),
    ).toBe('accepted');
    await pair.heal();
    expect(pair.orders('a')).toEqual([]);
    expect(pair.orders('b')).toMatchObject([{ orderVersion: 2, creditMicros: 1, outcome: 'attributed' }]);
    expect(await pair.order('b', orderOf('o'))).toBe('stale');
  });

  test('loses the credit of a touch that is withdrawn', async () => {
    await pair.send('a', click);
    await pair.send('b', { ...click, userId: 'u-9' });
    await pair.order('b', orderOf('o', { userId: 'u-9' }));
    expect(pair.orders('b')).toMatchObject([{ outcome: 'attributed' }]);
    await pair.heal();
    expect(pair.orders('b')).toMatchObject([{ outcome: 'unattributed', creditMicros: 0 }]);
  });
});

test('a minute of the second region is final only once both have heard of each other', async () => {
  const finalOf = (name: 'a' | 'b'): number => pair[name].changedAdMinutes(undefined, 1).finalBefore;
  await pair.send('a', eventOf('1'));
  await pair.send('b', eventOf('1'));
  pair.now = NOW + 2 * DAY_MS;
  await pair.send('a', eventOf('2', { eventTime: pair.now }));
  await pair.send('b', eventOf('3', { eventTime: pair.now }));
  expect([finalOf('a') > NOW, finalOf('b') > NOW]).toEqual([true, false]);
  await pair.hear('b');
  expect(finalOf('b') > NOW).toBe(false);
  await pair.heal();
  expect(finalOf('b') > NOW).toBe(true);
});

test('what is no page, or none of the peer, is refused and changes nothing', async () => {
  const { page } = await pair.a.peerPage({ data: '', block: 0 });
  for (const bad of [
    Buffer.from(''),
    Buffer.from('{}\n'),
    page.subarray(0, page.length - 1),
    Buffer.from('[1]'),
  ]) {
    await expect(pair.b.takePeerPage(bad)).rejects.toMatchObject({ code: 'bad_request' });
  }
  expect(pair.b.peerPosition()).toEqual({ data: '', block: 0 });
});
