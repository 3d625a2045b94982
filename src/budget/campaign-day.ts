import type { UnixMs } from '../base/clock.ts';
import { HOUR_MS } from '../base/units.ts';
import { TimeBuckets } from '../reporting/time-buckets.ts';

/** A day of a time zone: 23 or 25 hours long where the clock changes. */
export interface CampaignDay {
  /** `2026-01-31`. */
  readonly date: string;
  /** Unix ms, inclusive. */
  readonly start: UnixMs;
  /** Unix ms, exclusive. */
  readonly end: UnixMs;
}

/** From the start of any day this lies in the next one: days last from 21 to 27 hours. */
const INTO_NEXT_DAY_MS = 30 * HOUR_MS;

/** Days by time zone; remembers the last one of each, since nearly every question is about today. */
export class CampaignDays {
  readonly #zones = new Map<string, { readonly buckets: TimeBuckets; day: CampaignDay | undefined }>();

  /** The day that holds `time`. Throws AdtallyError bad_request for a time zone that IANA does not know. */
  dayOf(time: UnixMs, timezone: string): CampaignDay {
    const zone = this.#zone(timezone);
    if (zone.day === undefined || time < zone.day.start || time >= zone.day.end) {
      const start = zone.buckets.startOf(time);
      const end = zone.buckets.startOf(start + INTO_NEXT_DAY_MS);
      zone.day = { date: zone.buckets.format(start).slice(0, 10), start, end };
    }
    return zone.day;
  }

  /** `time` as RFC 3339 with the offset of the zone. */
  format(time: UnixMs, timezone: string): string {
    return this.#zone(timezone).buckets.format(time);
  }

  #zone(timezone: string): { readonly buckets: TimeBuckets; day: CampaignDay | undefined } {
    let zone = this.#zones.get(timezone);
    if (zone === undefined) {
      zone = { buckets: new TimeBuckets('day', timezone), day: undefined };
      this.#zones.set(timezone, zone);
    }
    return zone;
  }
}
