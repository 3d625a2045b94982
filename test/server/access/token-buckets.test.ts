import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { Random } from '../../../src/generator/random.ts';
import { networkOf } from '../../../src/server/access/rate-limits.ts';
import { TokenBuckets } from '../../../src/server/access/token-buckets.ts';

class StoppedClock implements Clock {
  ms = 5000;
  now = (): number => this.ms;
  monotonicMs = (): number => this.ms;
  after = (): (() => void) => () => {};
  turn = (): Promise<void> => Promise.resolve();
}

describe('TokenBuckets', () => {
  test('gives the burst, then the rate, and says when there is more', () => {
    const clock = new StoppedClock();
    const buckets = new TokenBuckets(2, 4, clock);
    expect(buckets.take('k')).toEqual({ allowed: true, left: 3, fullInSeconds: 1, retryInSeconds: 0 });
    for (const left of [2, 1, 0]) expect(buckets.take('k').left).toBe(left);
    expect(buckets.take('k')).toEqual({ allowed: false, left: 0, fullInSeconds: 2, retryInSeconds: 1 });
    clock.ms += 499;
    expect(buckets.take('k').allowed).toBe(false);
    clock.ms += 1;
    expect(buckets.take('k').allowed).toBe(true);
    clock.ms += 3_600_000;
    expect(buckets.take('k').left).toBe(3);
    expect(buckets.take('other').left).toBe(3);
  });

  test('there is one when it said that there would be', () => {
    const clock = new StoppedClock();
    const buckets = new TokenBuckets(1, 1, clock);
    expect(buckets.take('k').allowed).toBe(true);
    const { retryInSeconds } = buckets.take('k');
    clock.ms += retryInSeconds * 1000;
    expect(buckets.take('k').allowed).toBe(true);
  });

  const seed = Date.now() % 1_000_000;
  test(`allows what a naive model allows, whoever asks when (seed ${seed})`, () => {
    const random = new Random(seed);
    const clock = new StoppedClock();
    const [rate, burst] = [1 + random.below(20), 1 + random.below(40)];
    const buckets = new TokenBuckets(rate, burst, clock);
    // In thousandths of a token, whole numbers: one millisecond brings `rate` of them.
    const model = new Map<string, { thousandths: number; atMs: number }>();
    for (let n = 0; n < 5000; n++) {
      clock.ms += random.below(3) === 0 ? random.below(400) : 0;
      const name = `k${random.below(5)}`;
      const known = model.get(name) ?? { thousandths: burst * 1000, atMs: clock.ms };
      let thousandths = Math.min(burst * 1000, known.thousandths + (clock.ms - known.atMs) * rate);
      const isAllowed = thousandths >= 1000;
      if (isAllowed) thousandths -= 1000;
      model.set(name, { thousandths, atMs: clock.ms });
      const taking = buckets.take(name);
      // Where the model stands on the very edge, a double may be a hair off: then the model follows.
      const isEdge = known.thousandths + (clock.ms - known.atMs) * rate === 1000;
      if (isEdge) model.set(name, { thousandths: taking.allowed ? 0 : 1000, atMs: clock.ms });
      expect({ n, allowed: isEdge || taking.allowed }).toEqual({ n, allowed: isEdge || isAllowed });
    }
  });

  test('remembers no more names than it may, and those in use longest', () => {
    const buckets = new TokenBuckets(1, 3, new StoppedClock(), 100);
    for (let n = 0; n < 10_000; n++) {
      buckets.take(`flood-${n}`);
      const isAllowed = n % 40 === 0 && buckets.take('busy').allowed;
      expect(isAllowed).toBe(n === 0 || n === 40 || n === 80);
      expect(buckets.size).toBeLessThanOrEqual(100);
    }
  });
});

describe('networkOf', () => {
  test.for([
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['fe80::2%eth1', 'fe80:0:0:0'],
  ] as const)('%s is of %s', ([address, network]) => {
    expect(networkOf(address)).toBe(network);
  });
});
