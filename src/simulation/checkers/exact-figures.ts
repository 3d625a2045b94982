import type { Region } from '../../embedded/ports.ts';
import type { AdMinuteFigures } from '../../model/ad-minute.ts';
import { expectEqual, type Checker } from './checker.ts';

const EVERYTHING = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** The region's records are those that the oracle finds in the log: no event is lost, none counts twice. */
export function exactFigures(): Checker {
  return {
    name: 'figures are exactly what the log says',
    atRest: ({ region, truth }) => {
      const left = recordsOf(region);
      for (const { recordId: _, ...expected } of truth.oracle.records().values()) {
        const key = cellOf(expected);
        expectEqual(`record ${key}`, left.get(key), expected);
        left.delete(key);
      }
      expectEqual('records the log does not know', [...left.keys()], []);
      expectEqual('ids remembered', region.status().rememberedIds, truth.oracle.rememberedIds);
    },
  };
}

/** The region's records by their cell. */
export function recordsOf(region: Region): Map<string, AdMinuteFigures> {
  return new Map([...region.adMinutes(EVERYTHING)].map((record) => [cellOf(record), record]));
}

function cellOf({ adId, minute, currency }: Pick<AdMinuteFigures, 'adId' | 'minute' | 'currency'>): string {
  return JSON.stringify([adId, minute, currency]);
}
