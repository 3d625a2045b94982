import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { minuteOf } from '../model/event-time.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/units.ts';

export const GRANULARITIES = ['minute', 'hour', '6h', 'day'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

const WIDTH_MS: Record<Granularity, number> = {
  minute: MINUTE_MS,
  hour: HOUR_MS,
  '6h': 6 * HOUR_MS,
  day: DAY_MS,
};

/** No zone has turned its clock back by more than this since 1970. */
const LARGEST_STEP_BACK_MS = 3 * HOUR_MS;

/**
 * Cuts time into the minutes, hours, quarters and days of a wall clock somewhere. A bucket begins when the local clock
 * reaches a mark (a whole hour; 00, 06, 12 or 18 o'clock; midnight) or jumps over it, and lasts until the next one begins.
 * When the clock is turned back, an hour that comes again is a bucket of its own; a quarter or a day just grows longer.
 */
export class TimeBuckets {
  private readonly width: number;
  private readonly granularity: Granularity;
  private readonly timezone: string;
  /** The bucket asked for last: `start` holds for every time from `start` to `until`. */
  private start: UnixMs = Infinity;
  private until: UnixMs = -Infinity;

  /** Throws AdtallyError bad_request for a time zone that IANA does not know. */
  constructor(granularity: Granularity, timezone: string) {
    this.granularity = granularity;
    this.width = WIDTH_MS[granularity];
    this.timezone = timezone;
    try {
      this.zoned(0);
    } catch {
      throw new AdtallyError(
        'bad_request',
        `timezone "${timezone}" is not an IANA time zone; write it like Europe/Paris or UTC.`,
      );
    }
  }

  /** Start of the bucket that holds `time`. Quick as long as `time` stays in the bucket asked for last. */
  startOf(time: UnixMs): UnixMs {
    // A minute is one everywhere: offsets are whole minutes.
    if (this.granularity === 'minute') return minuteOf(time);
    if (time < this.start || time >= this.until) this.enter(time);
    return this.start;
  }

  /** The starts of the buckets that hold a time from `from` (inclusive) to `to` (exclusive), in their order. */
  *startsBetween(from: UnixMs, to: UnixMs): IterableIterator<UnixMs> {
    let last: UnixMs | undefined;
    for (let time = from; time < to; time = this.until) {
      if (time < this.start || time >= this.until) this.enter(time);
      // Near a change of offset a bucket is entered several times, part by part.
      if (this.start !== last) yield this.start;
      last = this.start;
    }
  }

  /** `time` as RFC 3339 with the offset of the zone at that moment. */
  format(time: UnixMs): string {
    return this.zoned(time).toString({ timeZoneName: 'never', smallestUnit: 'second' });
  }

  private enter(time: UnixMs): void {
    const offset = this.zoned(time).offsetNanoseconds / 1e6;
    const wallMark = Math.floor((time + offset) / this.width) * this.width;
    const mark = wallMark - offset;
    const change = this.nextChange(mark - DAY_MS);
    // Away from a change of the zone's offset, buckets are plain arithmetic.
    this.start = change > time ? mark : this.lastMark(wallMark, time);
    this.until = Math.min(mark + this.width, change > time ? change : this.nextChange(time));
  }

  /** The latest mark up to `time`, near a change of offset. `wallMark` is the local mark before it, as if in UTC. */
  private lastMark(wallMark: number, time: UnixMs): UnixMs {
    const marks: UnixMs[] = [];
    // After a step back, the latest mark passed may be one the clock now shows as still to come.
    for (let wall = wallMark; wall <= wallMark + LARGEST_STEP_BACK_MS + this.width; wall += this.width) {
      marks.push(this.reached(wall, 'earlier'));
      if (this.granularity === 'hour') marks.push(this.reached(wall, 'later'));
    }
    return Math.max(...marks.filter((mark) => mark <= time));
  }

  /** When the local clock reads `wall` (of two times the one named) or jumps over it. */
  private reached(wall: number, which: 'earlier' | 'later'): UnixMs {
    const local = new Temporal.PlainDateTime(1970, 1, 1).add({ milliseconds: wall });
    const zoned = local.toZonedDateTime(this.timezone, { disambiguation: which });
    if (zoned.toPlainDateTime().equals(local)) return zoned.epochMilliseconds;
    const before = local.toZonedDateTime(this.timezone, { disambiguation: 'earlier' });
    return this.nextChange(before.epochMilliseconds);
  }

  /** The first change of the zone's offset after `time`. */
  private nextChange(time: UnixMs): UnixMs {
    return this.zoned(time).getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;
  }

  private zoned(time: UnixMs): Temporal.ZonedDateTime {
    return Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(this.timezone);
  }
}
