import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { RegionClient } from '../../client/region-client.ts';
import { auditOf } from '../../embedded/audit.ts';
import type { AuditReport, ChangePage, Disk } from '../../embedded/ports.ts';
import { recover } from '../../embedded/snapshot/recovery.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import type { AttributedOrder } from '../../model/attributed-order.ts';
import type { Touch } from '../../model/touch.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';

/** What a region says of itself, as far as an audit asks. */
export interface ServedBooks {
  audit(): Promise<AuditReport>;
  /** Records changed since the last call, at first all of them. */
  changed(): AsyncIterable<AdMinute>;
  /** Attributed orders changed since the last call, at first all of them. */
  changedOrders(): AsyncIterable<AttributedOrder>;
  /** The touches of a user with event times of `from` or later; undefined when they are too many to ask for. */
  touches(userId: string, from: UnixMs): Promise<readonly Touch[] | undefined>;
}

/** Books that hold files open. */
export interface RestingBooks extends ServedBooks {
  /** All ad minutes: of a region that does not run they are at hand at any time. */
  records(): Iterable<AdMinute>;
  close(): Promise<void>;
}

const PAGE = 10_000;
/** Most touches that one request gives. */
const TOUCHES_MAX = 10_000;

/** The books of a running region. */
export function liveBooks(client: RegionClient): ServedBooks {
  return {
    audit: () => client.get<AuditReport>('/v1/audit'),
    changed: followed<AdMinute>(client, '/v1/changes/ad-minutes'),
    changedOrders: followed<AttributedOrder>(client, '/v1/changes/attributed-orders'),
    async touches(userId, from) {
      const query = { userId, from: Math.max(0, from), limit: TOUCHES_MAX };
      const answer = await client.get<{ touches: Touch[]; found: number }>('/v1/touches', query);
      return answer.found > answer.touches.length ? undefined : answer.touches;
    },
  };
}

/** Reads a change feed on to its end, each time it is called. */
function followed<R>(client: RegionClient, path: string): () => AsyncIterable<R> {
  let after: string | undefined;
  return async function* () {
    for (let caughtUp = false; !caughtUp;) {
      const page = await client.get<ChangePage<R>>(path, { after, limit: PAGE });
      yield* page.records;
      after = page.cursor;
      ({ caughtUp } = page);
    }
  };
}

/** The books that a region would have, were it started on `disk`. Reads only; nobody may write there meanwhile. */
export async function restingBooks(disk: Disk, region: string, spec: PipelineSpec): Promise<RestingBooks> {
  const { state } = await recover(disk, region, spec, () => {
    throw new AdtallyError('not_found', 'There is no region in this data directory.');
  });
  const { attribution, cells, changes, touches } = state;
  let after = 0;
  let afterOrder = 0;
  return {
    *records() {
      for (const { minute, row } of changes.after(0)) yield cells.record(cells.existingMinute(minute)!, row);
    },
    audit: () => Promise.resolve(auditOf(state)),
    async *changed() {
      for (const { change, minute, row } of changes.after(after)) {
        yield cells.record(cells.existingMinute(minute)!, row);
        after = change;
      }
    },
    async *changedOrders() {
      for (const { change, content } of attribution.changes.after(afterOrder)) {
        yield content;
        afterOrder = change;
      }
    },
    touches: (userId, from) => Promise.resolve(touches.touchesOf(userId, from, Infinity)),
    close: () => touches.close(),
  };
}
