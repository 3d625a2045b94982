import type { Region } from '../../embedded/ports.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import { expectEqual, type Checker } from './checker.ts';

/** The region's records are those that the oracle finds in the log: no event is lost, none counts twice. */
export function exactFigures(): Checker {
  return {
    name: 'figures are exactly what the log says',
    atRest: ({ region, truth }) => {
      const records = recordsOf(region);
      const expected = truth.oracle.records();
      for (const [recordId, record] of expected) {
        expectEqual(
          `record ${record.adId} ${record.minute} ${record.currency}`,
          records.get(recordId),
          record,
        );
      }
      expectEqual(
        'records the log does not know',
        [...records.keys()].filter((id) => !expected.has(id)),
        [],
      );
      expectEqual('ids remembered', region.status().rememberedIds, truth.oracle.rememberedIds);
    },
  };
}

export function recordsOf(region: Region): Map<string, AdMinute> {
  const { records } = region.changedAdMinutes(undefined, Infinity);
  return new Map(records.map((record) => [record.recordId, record]));
}
