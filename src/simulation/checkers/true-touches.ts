import type { Region } from '../../embedded/ports.ts';
import type { Touch } from '../../model/touch.ts';
import type { LogTruth } from '../log-truth.ts';
import { expectEqual, expectThat, type Checker } from './checker.ts';

const ALWAYS = [0, Number.MAX_SAFE_INTEGER] as const;

/** Every counted event is a touch of its user for `retentionMs`, wherever it is kept, and then it is none any more. */
export function trueTouches(retentionMs: number): Checker {
  const seen = new Map<string, readonly Touch[]>();

  /** Whoever moves touches from one place to another never loses sight of them. */
  function look(region: Region): void {
    for (const [user, before] of seen) {
      const now = region.touches(user, ...ALWAYS);
      // One that is withdrawn for the other region's leaves a touch of that one.
      const ids = new Set(now.map(({ eventId }) => eventId));
      const first = touchesFrom(region, retentionMs);
      const gone = before.find(({ eventId, eventTime }) => eventTime >= first && !ids.has(eventId));
      expectThat(gone === undefined, () => `touch ${JSON.stringify(gone)} of ${user} was seen and is gone`);
      seen.set(user, now);
    }
  }

  return {
    name: 'the touches of a user are its counted events',
    observed: look,
    atRest: ({ region, again, truth }) => {
      look(region);
      for (const user of usersOf(truth)) {
        const expected = expectedTouches(truth, region, user, retentionMs);
        const touches = region.touches(user, ...ALWAYS);
        expectEqual(`touches of ${user}`, touches, expected);
        expectEqual(`touches of ${user} after a second restart`, again.touches(user, ...ALWAYS), expected);
        const part = expected.slice(1, -1);
        if (part.length > 0) {
          const [from, to] = [part[0].eventTime, part.at(-1)!.eventTime];
          const within = expected.filter(({ eventTime }) => eventTime >= from && eventTime <= to);
          expectEqual(`touches of ${user} from ${from} to ${to}`, region.touches(user, from, to), within);
        }
        seen.set(user, touches);
      }
    },
  };
}

/** The touches of every user that the log knows. */
export function touchesByUser(region: Region, truth: LogTruth): unknown {
  return usersOf(truth).map((user) => [user, region.touches(user, ...ALWAYS)]);
}

function usersOf(truth: LogTruth): string[] {
  return truth.orders.usersWithTouches();
}

/** Touches with earlier event times are over, Unix ms. */
export function touchesFrom(region: Region, retentionMs: number): number {
  return (region.status().peer?.settled ?? region.asOf()) - retentionMs;
}

function expectedTouches(truth: LogTruth, region: Region, user: string, retentionMs: number): Touch[] {
  const first = touchesFrom(region, retentionMs);
  return truth.orders
    .touchesOf(user)
    .filter(({ eventTime }) => eventTime >= first)
    .map(
      ({ eventId, eventType, eventTime, adId, campaignId, advertiserId, merchantId, region: counter }) => ({
        eventId,
        eventType,
        eventTime,
        adId,
        campaignId,
        advertiserId,
        merchantId,
        region: counter,
      }),
    )
    .toSorted((a, b) => a.eventTime - b.eventTime || (a.eventId < b.eventId ? -1 : 1));
}
