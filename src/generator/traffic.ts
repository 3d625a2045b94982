import { assert } from '../base/assert.ts';
import type { UnixMs } from '../base/clock.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../base/units.ts';
import { noVerdicts, type InvalidCode, type Verdict, type VerdictCounts } from '../model/verdict.ts';
import { EventWriter, PLACEMENT_COUNT, type EventDraft } from './event-writer.ts';
import { FAULT_COUNT, malformedLine } from './malformed.ts';
import { Random } from './random.ts';
import { RecentEvents } from './recent-events.ts';
import { Zipf } from './zipf.ts';

/** What the generator sends, each with the verdict that is due for it. */
export const KIND_VERDICTS = {
  /** A new impression. */
  impression: 'counted',
  /** A new click. */
  click: 'counted',
  /** An earlier event again, with the same content (its fields may stand in another order). */
  duplicate: 'duplicate',
  /** An earlier event sent again by a client that stamps the time anew: the first one counts. */
  restamped: 'conflict',
  late: 'late',
  future: 'future',
  malformed: 'invalid',
} as const satisfies Record<string, Verdict>;
export type Kind = keyof typeof KIND_VERDICTS;
export const KINDS = Object.keys(KIND_VERDICTS) as readonly Kind[];

export interface TrafficOptions {
  /** The same seed, counts and times give the same bytes. */
  readonly seed: number;
  readonly ads: number;
  readonly users: number;
  /** Share of each kind but impressions, from 0 to 1; what is left are impressions. */
  readonly shares: Readonly<Record<Exclude<Kind, 'impression'>, number>>;
  /** Skew of the ads' popularity; 0 makes all alike. */
  readonly zipfExponent: number;
  /** How many different orders of the fields occur. */
  readonly fieldOrders: number;
  readonly currency: string;
  /** The region's own limits, ms: they decide what is late and future. */
  readonly maxEventAgeMs: number;
  readonly maxClockSkewMs: number;
}

/** Traffic as a shop has it, with every fault that clients make. */
export const DEFAULT_TRAFFIC = {
  ads: 10_000,
  users: 1_000_000,
  shares: {
    click: 0.02,
    duplicate: 0.01,
    restamped: 0.002,
    late: 0.001,
    future: 0.0005,
    malformed: 0.001,
  },
  zipfExponent: 1,
  fieldOrders: 1,
  currency: 'EUR',
  maxEventAgeMs: 24 * HOUR_MS,
  maxClockSkewMs: 10 * MINUTE_MS,
} as const satisfies Omit<TrafficOptions, 'seed'>;

/** What was made, and what a region must therefore say of it. */
export interface TrafficTally {
  readonly kinds: Record<Kind, number>;
  readonly verdicts: VerdictCounts;
  readonly invalidCodes: Partial<Record<InvalidCode, number>>;
}

export interface TrafficBatch {
  /** NDJSON, one event a line; valid until the next batch is made. */
  readonly bytes: Uint8Array;
  readonly tally: TrafficTally;
}

export function noTraffic(): TrafficTally {
  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  return { kinds, verdicts: noVerdicts(), invalidCodes: {} };
}

/** Adds `part` to `sum`. */
export function addTraffic(sum: TrafficTally, part: TrafficTally): void {
  for (const kind of KINDS) sum.kinds[kind] += part.kinds[kind];
  for (const verdict of Object.keys(part.verdicts) as Verdict[])
    sum.verdicts[verdict] += part.verdicts[verdict];
  for (const code of Object.keys(part.invalidCodes) as InvalidCode[])
    sum.invalidCodes[code] = (sum.invalidCodes[code] ?? 0) + part.invalidCodes[code]!;
}

/**
 * Makes ad events and knows what is due for each. What it says holds for a region that gets each batch once, in order,
 * within an hour, and has not seen the seed before.
 */
export class TrafficGenerator {
  readonly #options: TrafficOptions;
  readonly #random: Random;
  readonly #ads: Zipf;
  readonly #writer: EventWriter;
  readonly #recent: RecentEvents;
  /** Upper ends of the kinds' shares within 0 to 1. */
  readonly #shareEnds: readonly (readonly [Kind, number])[];
  readonly #draft: EventDraft = {
    id0: 0,
    id1: 0,
    id2: 0,
    id3: 0,
    isClick: false,
    eventTime: 0,
    ad: 0,
    user: 0,
    placement: 0,
    costMicros: 0,
  };

  constructor(options: TrafficOptions) {
    assert(options.ads >= 1 && options.users >= 1 && options.fieldOrders >= 1, 'traffic needs ads and users');
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#ads = new Zipf(options.ads, options.zipfExponent, this.#random);
    this.#writer = new EventWriter(options.currency, options.fieldOrders, this.#random);
    this.#recent = new RecentEvents(this.#random);
    let end = 0;
    this.#shareEnds = KINDS.filter((kind) => kind !== 'impression').map((kind) => [
      kind,
      (end += options.shares[kind]),
    ]);
    assert(end <= 1, `the shares of the kinds add up to ${end}, which is more than 1`);
  }

  /** The next `count` events, as clients would send them at `now`. */
  next(count: number, now: UnixMs): TrafficBatch {
    const tally = noTraffic();
    this.#writer.clear();
    for (let made = 0; made < count; made++) {
      const kind = this.#make(this.#drawKind(), now, tally);
      tally.kinds[kind]++;
      tally.verdicts[KIND_VERDICTS[kind]]++;
    }
    return { bytes: this.#writer.written, tally };
  }

  /** One of the latest events, as numbers; undefined while there is none. */
  recent(): EventDraft | undefined {
    const draft = { ...this.#draft };
    return this.#recent.draw(draft, 0) ? draft : undefined;
  }

  #drawKind(): Kind {
    const at = this.#random.unit();
    for (const [kind, end] of this.#shareEnds) if (at < end) return kind;
    return 'impression';
  }

  /** Writes one event; returns its kind, which is an impression where there is nothing yet to repeat. */
  #make(kind: Kind, now: UnixMs, tally: TrafficTally): Kind {
    if (kind === 'malformed') return this.#makeMalformed(now, tally);
    if (kind === 'duplicate' || kind === 'restamped') {
      // An event much older would be late by the time it comes again.
      if (!this.#recent.draw(this.#draft, now - this.#options.maxEventAgeMs / 2))
        return this.#makeFresh('impression', now);
      if (kind === 'restamped') this.#draft.eventTime -= 1 + this.#random.below(SECOND_MS);
      this.#writer.event(this.#draft);
      return kind;
    }
    return this.#makeFresh(kind, now);
  }

  #makeFresh(kind: Kind, now: UnixMs): Kind {
    const { maxEventAgeMs, maxClockSkewMs, users } = this.#options;
    const random = this.#random;
    const draft = this.#draft;
    draft.id0 = random.word();
    draft.id1 = (random.word() & ~0xf000) | 0x4000;
    draft.id2 = (random.word() & 0x3fff_ffff) | 0x8000_0000;
    draft.id3 = random.word();
    draft.isClick = kind === 'click';
    draft.ad = this.#ads.draw();
    draft.user = random.below(users);
    draft.placement = random.below(PLACEMENT_COUNT);
    draft.costMicros = draft.isClick ? 100_000 + random.below(400_000) : random.below(5000);
    const delay = random.below(Math.min(5 * SECOND_MS, maxEventAgeMs / 4));
    if (kind === 'late') draft.eventTime = now - maxEventAgeMs - MINUTE_MS - random.below(HOUR_MS);
    else if (kind === 'future') draft.eventTime = now + maxClockSkewMs + HOUR_MS + random.below(HOUR_MS);
    else draft.eventTime = now - delay;
    this.#writer.event(draft);
    if (kind === 'impression' || kind === 'click') this.#recent.offer(draft);
    return kind;
  }

  #makeMalformed(now: UnixMs, tally: TrafficTally): Kind {
    const { bytes, code } = malformedLine(this.#random.below(FAULT_COUNT), now);
    this.#writer.line(bytes);
    tally.invalidCodes[code] = (tally.invalidCodes[code] ?? 0) + 1;
    return 'malformed';
  }
}
