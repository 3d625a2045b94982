import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { MINUTE_MS } from '../../src/base/units.ts';
import type { AdMinuteFilter, Region, RegionStatus, VisibleChange } from '../../src/embedded/ports.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import type { LiveFrame } from '../../src/model/live.ts';
import { noVerdicts } from '../../src/model/verdict.ts';
import { LiveFeed } from '../../src/server/stream/live-feed.ts';

const NOW = 1_769_860_830_000;

/** A clock that stands still until it is moved, and a region of as little as the feed needs. */
function stage(records: readonly Partial<AdMinute>[] = []): {
  feed: LiveFeed;
  change: (change: Partial<VisibleChange>) => void;
  pass: (ms: number) => Promise<void>;
  asked: AdMinuteFilter[];
  timers: Set<unknown>;
} {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; action: () => void }>();
  const listeners = new Set<(change: VisibleChange) => void>();
  const asked: AdMinuteFilter[] = [];
  const clock: Clock = {
    now: () => NOW + nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, action) {
      const timer = { atMs: nowMs + delayMs, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    turn: () => Promise.resolve(),
  };
  const region = {
    status: () => ({ region: 'a', verdicts: noVerdicts(), orders: { held: 0 } }) as RegionStatus,
    onChange: (listener: (change: VisibleChange) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    *adMinutes(filter: AdMinuteFilter) {
      asked.push(filter);
      yield* records.filter(({ minute }) => minute! >= filter.from && minute! < filter.to);
    },
  } as unknown as Region;
  return {
    feed: new LiveFeed(region, clock),
    change: (change) => {
      for (const listener of listeners) {
        listener({ received: 1, verdicts: noVerdicts(), acceptedAtMs: nowMs, visibleAtMs: nowMs, ...change });
      }
    },
    async pass(ms) {
      nowMs += ms;
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.action();
      }
      // Ranking takes one turn a minute of event time.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    },
    asked,
    timers,
  };
}

describe('the live feed', () => {
  test('knows the rate of the last two seconds and forgets the rest', async () => {
    const { feed, change, pass } = stage();
    change({ received: 1000 });
    await pass(1500);
    change({ received: 100 });
    expect(feed.frame().eventsPerSecond).toBe(550);
    await pass(1000);
    expect(feed.frame().eventsPerSecond).toBe(50);
    await pass(5000);
    expect(feed.frame().eventsPerSecond).toBe(0);
  });

  test('weighs freshness by events, over ten seconds', async () => {
    const { feed, change, pass } = stage();
    expect(feed.frame().freshness).toEqual({ p50Ms: null, p99Ms: null });
    await pass(100);
    change({ received: 980, acceptedAtMs: 98, visibleAtMs: 100 });
    change({ received: 20, acceptedAtMs: 50, visibleAtMs: 100 });
    expect(feed.frame().freshness).toEqual({ p50Ms: 2, p99Ms: 50 });
    await pass(10_001);
    expect(feed.frame().freshness).toEqual({ p50Ms: null, p99Ms: null });
  });

  test('adds up the ads of the last 15 minutes, at most once a second, and only for viewers', async () => {
    const minute = NOW - (NOW % MINUTE_MS);
    const common = {
      campaignId: 'c',
      advertiserId: 'v',
      currency: 'EUR',
      impressions: 1,
      clicks: 0,
      costMicros: 5,
    };
    const { feed, pass, asked, timers } = stage([
      { ...common, adId: 'x', minute },
      { ...common, adId: 'x', minute: minute - 14 * MINUTE_MS, clicks: 1 },
      { ...common, adId: 'y', minute, impressions: 2 },
      { ...common, adId: 'x', minute, currency: 'USD' },
      { ...common, adId: 'z', minute: minute - 15 * MINUTE_MS, impressions: 99 },
    ]);
    await pass(5000);
    expect(asked).toEqual([]);
    const frames: LiveFrame[] = [];
    const stop = feed.watch((frame) => frames.push(JSON.parse(frame) as LiveFrame));
    await pass(0);
    await pass(500);
    await pass(499);
    expect(asked).toHaveLength(15);
    expect(frames.at(-1)!.topAds).toMatchObject([
      { adId: 'x', currency: 'EUR', impressions: 2, clicks: 1, costMicros: 10 },
      { adId: 'y', impressions: 2, clicks: 0 },
      { adId: 'x', currency: 'USD', impressions: 1 },
    ]);
    await pass(1);
    expect(asked).toHaveLength(30);
    const stopOther = feed.watch(() => {});
    stop();
    expect(timers.size).toBe(1);
    stopOther();
    expect(timers.size).toBe(0);
  });

  test('a viewer that comes back starts the frames again, once', async () => {
    const { feed, pass, timers } = stage();
    feed.watch(() => {})();
    let frames = 0;
    const stop = feed.watch(() => frames++);
    await pass(500);
    expect(frames).toBe(2);
    expect(timers.size).toBe(1);
    stop();
  });
});
