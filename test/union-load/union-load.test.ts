import { describe, expect, test } from 'vitest';
import { AdtallyError } from '../../src/base/errors.ts';
import { UnionLoad } from '../../src/union-load/union-load.ts';
import { adMinute, MemorySink, ScriptedFeed, World } from './loader-world.ts';

function begin(feeds: readonly ScriptedFeed[], sinks: readonly MemorySink[], world: World): UnionLoad {
  return new UnionLoad({ feeds, sinks, clock: world.clock, chance: () => 0.5, pageRecords: 3 });
}

function filled(region: string, world: World, records: number): ScriptedFeed {
  const feed = new ScriptedFeed(region, world);
  for (let n = 0; n < records; n++) feed.records.push(adMinute(region, `ad-${n}`, 1));
  return feed;
}

const isIn = (feed: ScriptedFeed, sink: MemorySink): void => {
  const region = [...sink.rows.values()].filter((row) => row.region === feed.id.region);
  const latest = new Map(feed.records.map((record) => [record.recordId, record]));
  expect(region).toEqual(expect.arrayContaining([...latest.values()]));
  expect(region.length).toBe(latest.size);
};

describe('union and load', () => {
  test('follows every feed into every sink, page by page, and then on', async () => {
    const world = new World();
    const feeds = [filled('a', world, 10), filled('b', world, 4)];
    const sinks = [new MemorySink('one'), new MemorySink('two')];
    const load = begin(feeds, sinks, world);
    await world.pass(1000);
    feeds[0].records.push(adMinute('a', 'ad-0', 2), adMinute('a', 'new', 1));
    await world.pass(10_000);
    for (const sink of sinks) for (const feed of feeds) isIn(feed, sink);
    expect(load.status()).toMatchObject([
      { region: 'a', sink: 'one', caughtUp: true, records: 12, error: null, lagMs: 0 },
      { region: 'b', sink: 'one', caughtUp: true, records: 4 },
      { region: 'a', sink: 'two' },
      { region: 'b', sink: 'two' },
    ]);
    expect(sinks.map((sink) => sink.overlaps)).toEqual([0, 0]);
    await load.stop();
  });

  test('goes on from the cursor that the sink kept', async () => {
    const world = new World();
    const feed = filled('a', world, 7);
    const sink = new MemorySink();
    const first = begin([feed], [sink], world);
    await world.pass(1000);
    await first.stop();
    feed.cursors.length = 0;
    feed.records.push(adMinute('a', 'later', 1));
    const second = begin([feed], [sink], world);
    await world.pass(1000);
    expect(feed.cursors[0]).toBe('o1-7');
    expect(second.status()[0].records).toBe(1);
    isIn(feed, sink);
    await second.stop();
  });

  test.for(['bad_cursor', 'cursor_expired'] as const)('begins again when the feed says %s', async (code) => {
    const world = new World();
    const feed = filled('a', world, 5);
    const sink = new MemorySink();
    const load = begin([feed], [sink], world);
    await world.pass(1000);
    if (code === 'bad_cursor') feed.origin = 'o2';
    else feed.fault = new AdtallyError(code, 'too old');
    feed.records.push(adMinute('a', 'ad-1', 9));
    await world.pass(6000);
    expect(load.status()[0].restarts).toBeGreaterThanOrEqual(1);
    feed.fault = undefined;
    await world.pass(60_000);
    expect(load.status()[0]).toMatchObject({ caughtUp: true, error: null, failures: 0 });
    expect(feed.cursors).toContain(undefined);
    isIn(feed, sink);
    await load.stop();
  });

  test('a feed that always refuses is not asked all the time', async () => {
    const world = new World();
    const feed = filled('a', world, 1);
    const load = begin([feed], [new MemorySink()], world);
    await world.pass(1000);
    feed.fault = new AdtallyError('cursor_expired', 'too old');
    const before = feed.asked;
    await world.pass(600_000);
    expect(feed.asked - before).toBeLessThan(260);
    await load.stop();
  });

  test('an unreachable feed is asked later and later, and says so; the other one goes on', async () => {
    const world = new World();
    const [gone, well] = [filled('a', world, 3), filled('b', world, 3)];
    const sink = new MemorySink();
    gone.fault = new AdtallyError('unreachable', 'nobody there');
    const load = begin([gone, well], [sink], world);
    await world.pass(1000);
    const early = gone.asked;
    expect(early).toBeGreaterThanOrEqual(2);
    isIn(well, sink);
    expect(load.status()[0]).toMatchObject({ caughtUp: false, lagMs: null, error: 'nobody there' });
    await world.pass(600_000);
    // A minute holds 24 attempts at most: the longest pause is five seconds, the later half of it chance.
    expect(gone.asked - early).toBeLessThan(260);
    expect(gone.asked - early).toBeGreaterThan(100);
    gone.fault = undefined;
    await world.pass(31_000);
    isIn(gone, sink);
    expect(load.status()[0]).toMatchObject({ caughtUp: true, failures: 0, error: null });
    await load.stop();
  });

  test('a sink that fails holds up no other sink, and loses nothing', async () => {
    const world = new World();
    const feed = filled('a', world, 8);
    const [broken, well] = [new MemorySink('broken'), new MemorySink('well')];
    broken.fault = new Error('the disk is full');
    const load = begin([feed], [broken, well], world);
    await world.pass(60_000);
    isIn(feed, well);
    expect(broken.rows.size).toBe(0);
    expect(load.status()).toMatchObject([{ error: 'the disk is full', caughtUp: false }, { error: null }]);
    broken.fault = undefined;
    await world.pass(31_000);
    isIn(feed, broken);
    await load.stop();
  });

  test('after a page that was kept although the sink failed, the sink is asked where it is', async () => {
    const world = new World();
    const feed = filled('a', world, 6);
    const sink = new MemorySink();
    sink.failsAfter = true;
    const load = begin([feed], [sink], world);
    await world.pass(10);
    sink.failsAfter = false;
    await world.pass(5000);
    isIn(feed, sink);
    expect(load.status()[0].records).toBe(3);
    await load.stop();
  });

  test('a sink that hangs holds up no other one, and the lag is seen to grow', async () => {
    const world = new World();
    const feed = filled('a', world, 2);
    const [slow, well] = [new MemorySink('slow'), new MemorySink('well')];
    const load = begin([feed], [slow, well], world);
    await world.pass(1000);
    const { promise, resolve: open } = Promise.withResolvers<void>();
    slow.gate = promise;
    feed.records.push(adMinute('a', 'x', 1));
    await world.pass(10_000);
    isIn(feed, well);
    expect(slow.rows.size).toBe(2);
    open();
    await world.pass(1000);
    isIn(feed, slow);
    await load.stop();
  });

  test('a stop ends a long poll, a pause and a start at once', async () => {
    const world = new World();
    const failing = filled('b', world, 1);
    failing.fault = new Error('no');
    const load = begin([filled('a', world, 1), failing], [new MemorySink()], world);
    await world.pass(3000);
    const before = world.time.monotonicMs();
    await load.stop();
    expect(world.time.monotonicMs()).toBe(before);
    const young = begin([filled('a', world, 1)], [new MemorySink()], world);
    await young.stop();
  });

  test('what has arrived without changing a record is told to the sink as well', async () => {
    const world = new World();
    const feed = filled('a', world, 1);
    const sink = new MemorySink();
    const load = begin([feed], [sink], world);
    await world.pass(1000);
    const { loads } = sink;
    await world.pass(20_000);
    expect(sink.loads).toBe(loads);
    feed.asOf = 77;
    await world.pass(6000);
    expect(sink.loads).toBe(loads + 1);
    expect(load.status()[0].asOf).toBe(77);
    await load.stop();
  });
});
