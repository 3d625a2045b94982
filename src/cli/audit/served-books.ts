import { AdtallyError } from '../../base/errors.ts';
import type { RegionClient } from '../../client/region-client.ts';
import { auditOf } from '../../embedded/audit.ts';
import type { AuditReport, ChangePage, Disk } from '../../embedded/ports.ts';
import { recover } from '../../embedded/snapshot/recovery.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';

/** What a region says of itself, as far as an audit asks. */
export interface ServedBooks {
  audit(): Promise<AuditReport>;
  /** Records changed since the last call, at first all of them. */
  changed(): AsyncIterable<AdMinute>;
}

/** Of a region that does not run all records are at hand at any time. */
export interface RestingBooks extends ServedBooks {
  records(): Iterable<AdMinute>;
}

const PAGE = 10_000;

/** The books of a running region. */
export function liveBooks(client: RegionClient): ServedBooks {
  let after: string | undefined;
  return {
    audit: () => client.get<AuditReport>('/v1/audit'),
    async *changed() {
      for (let caughtUp = false; !caughtUp;) {
        const page = await client.get<ChangePage<AdMinute>>('/v1/changes/ad-minutes', { after, limit: PAGE });
        yield* page.records;
        after = page.cursor;
        ({ caughtUp } = page);
      }
    },
  };
}

/** The books that a region would have, were it started on `disk`. Reads only; nobody may write there meanwhile. */
export async function restingBooks(disk: Disk, region: string, spec: PipelineSpec): Promise<RestingBooks> {
  const { state } = await recover(disk, region, spec, () => {
    throw new AdtallyError('not_found', 'There is no region in this data directory.');
  });
  await state.touches.close();
  const { cells, changes } = state;
  let after = 0;
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
  };
}
