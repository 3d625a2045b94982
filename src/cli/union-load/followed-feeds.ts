import { HttpRecordFeed } from '../../adapters/region-feed/http-record-feed.ts';
import { RegionReader } from '../../adapters/region-feed/region-reader.ts';
import { RECORD_KINDS, type RecordFeed } from '../../union-load/ports.ts';
import type { FollowedRegion } from './worker-protocol.ts';

/** Every feed of the regions. */
export function feedsOf(regions: readonly FollowedRegion[]): RecordFeed[] {
  return regions.flatMap(({ name, url, secret }) => {
    const reader = new RegionReader({ url, secret });
    return RECORD_KINDS.map((kind) => new HttpRecordFeed({ region: name, kind }, reader));
  });
}
