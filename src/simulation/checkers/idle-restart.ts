import type { Region } from '../../embedded/ports.ts';
import { expectEqual, type Checker } from './checker.ts';
import { recordsOf } from './exact-figures.ts';

/** A restart by itself changes nothing: not the figures, not the books, not the ids, not the feed. */
export function idleRestart(): Checker {
  return {
    name: 'a second restart changes nothing',
    atRest: ({ region, again }) => {
      expectEqual('records after a second restart', factsOf(again), factsOf(region));
    },
  };
}

/** Everything about a region that a restart must not change. */
export function factsOf(region: Region): unknown {
  const { rememberedIds, quarantineHeld, quarantineDropped } = region.status();
  return {
    records: Object.fromEntries(recordsOf(region)),
    audit: region.audit(),
    cursor: region.changedAdMinutes(undefined, Number.MAX_SAFE_INTEGER).cursor,
    asOf: region.asOf(),
    rememberedIds,
    quarantineHeld,
    quarantineDropped,
  };
}
