import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../src/base/units.ts';
import {
  addTraffic,
  DEFAULT_TRAFFIC,
  KINDS,
  noTraffic,
  TrafficGenerator,
  type TrafficOptions,
  type TrafficTally,
} from '../../src/generator/traffic.ts';
import { parseAdEvent, type AdEvent } from '../../src/model/ad-event.ts';
import { FIRST_HORIZON, judgeAge } from '../../src/pipeline/aggregation.ts';
import { rulesOf } from '../../src/pipeline/pipeline-rules.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import { type InvalidCode } from '../../src/model/verdict.ts';

const NOW = 1_790_000_000_000;
const SHARES = { click: 0.1, duplicate: 0.1, restamped: 0.1, late: 0.1, future: 0.1, malformed: 0.1 };
const RULES = rulesOf(resolveSpec({}, { environment: {}, flags: {} }));

function options(more: Partial<TrafficOptions> = {}): TrafficOptions {
  return { ...DEFAULT_TRAFFIC, seed: 1, ads: 500, users: 1000, ...more };
}

function lines(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0, end = bytes.indexOf(0x0a); end >= 0; at = end + 1, end = bytes.indexOf(0x0a, at))
    found.push(bytes.slice(at, end));
  return found;
}

function make(seed: number): Uint8Array {
  return new TrafficGenerator(options({ seed, fieldOrders: 5 })).next(300, NOW).bytes;
}

/** Judges each line as plainly as possible. */
function judge(bytes: Uint8Array, seen: Map<string, string>, now: number): TrafficTally {
  const tally = noTraffic();
  for (const line of lines(bytes)) {
    const reading = parseAdEvent(line, RULES);
    if (!reading.ok) {
      tally.verdicts.invalid++;
      tally.invalidCodes[reading.problem.code] = (tally.invalidCodes[reading.problem.code] ?? 0) + 1;
      continue;
    }
    const age = judgeAge(reading.event.eventTime, now, FIRST_HORIZON, RULES);
    if (age === 'on_time') tally.verdicts[judgeId(reading.event, seen)]++;
    else tally.verdicts[age]++;
  }
  return tally;
}

function judgeId(event: AdEvent, seen: Map<string, string>): 'counted' | 'duplicate' | 'conflict' {
  const content = JSON.stringify(event);
  const first = seen.get(event.eventId);
  if (first === undefined) seen.set(event.eventId, content);
  if (first === undefined) return 'counted';
  return first === content ? 'duplicate' : 'conflict';
}

describe('TrafficGenerator', () => {
  it.each([1, 7, 20])('knows the verdict due for each event, with %i field orders', (fieldOrders) => {
    const generator = new TrafficGenerator(options({ shares: SHARES, fieldOrders, seed: 2 ** 40 + 5 }));
    const seen = new Map<string, string>();
    const [sent, judged] = [noTraffic(), noTraffic()];
    for (let batch = 0; batch < 20; batch++) {
      const now = NOW + batch * 60_000;
      const { bytes, tally } = generator.next(200, now);
      addTraffic(sent, tally);
      // Batches arrive when they were made, or some minutes later.
      addTraffic(judged, judge(bytes, seen, now + (batch % 2) * 5 * MINUTE_MS));
    }
    expect(judged.verdicts).toEqual(sent.verdicts);
    expect(judged.invalidCodes).toEqual(sent.invalidCodes);
    expect(KINDS.filter((kind) => sent.kinds[kind] < 200)).toEqual([]);
    expect(Object.keys(sent.invalidCodes).length).toBeGreaterThan(10);
  });

  it('makes the same bytes from the same seed, and others from another', () => {
    expect(make(3)).toEqual(make(3));
    expect(make(3)).not.toEqual(make(4));
    expect(make(3)).not.toEqual(make(3 + 2 ** 32));
  });

  it('repeats an event only while it is young enough to be counted', () => {
    const generator = new TrafficGenerator(options({ shares: SHARES, maxEventAgeMs: MINUTE_MS }));
    generator.next(1000, NOW);
    const { kinds } = generator.next(1000, NOW + MINUTE_MS).tally;
    const repeated = kinds.duplicate + kinds.restamped;
    expect(repeated).toBeLessThan(200);
    expect(kinds.impression + kinds.click + repeated + kinds.late + kinds.future + kinds.malformed).toBe(
      1000,
    );
  });

  it('gives a few ads most of the traffic', () => {
    const { bytes } = new TrafficGenerator(options({ ads: 1000 })).next(20_000, NOW);
    const perAd = new Map<string, number>();
    for (const line of lines(bytes)) {
      const reading = parseAdEvent(line, RULES);
      if (reading.ok) perAd.set(reading.event.adId, (perAd.get(reading.event.adId) ?? 0) + 1);
    }
    const first = perAd.get('ad-0')!;
    // Zipf over 1,000 ads gives the first one 1 / H(1000) = 13.4 %, and the tenth a tenth of that.
    expect(first / 20_000).toBeCloseTo(0.134, 1);
    expect(perAd.get('ad-9')! / first).toBeCloseTo(0.1, 1);
    expect(perAd.size).toBeGreaterThan(900);
  });

  it('promises each invalid code of its malformed lines', () => {
    const shares = { ...SHARES, malformed: 0.5 };
    const { bytes, tally } = new TrafficGenerator(options({ shares })).next(500, NOW);
    const codes = lines(bytes).flatMap((line) => {
      const reading = parseAdEvent(line, RULES);
      return reading.ok ? [] : [reading.problem.code];
    });
    const counts: Partial<Record<InvalidCode, number>> = {};
    for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
    expect(counts).toEqual(tally.invalidCodes);
  });
});
