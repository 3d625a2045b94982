import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { openBudgetStore } from '../../adapters/budget-store/budget-store.ts';
import { MINUTE_MS } from '../../base/units.ts';
import type { UnixMs } from '../../base/clock.ts';
import type { HeldRecords, MinuteRecords } from '../../budget/budget-audit.ts';
import { BudgetService, type BudgetPeer } from '../../budget/budget-service.ts';
import type { Region } from '../../embedded/ports.ts';
import type { AdMinute, AdMinuteFigures } from '../../model/ad-minute.ts';
import { adMinuteRecordId } from '../../model/record-id.ts';

/** The budgets of a region of this process. */
export interface OpenedBudget {
  readonly service: BudgetService;
  /** Puts the ledger of another file in the place of this one's; the feeds are followed from their beginning then. */
  takeLedger(path: string): void;
  /** Before the region is closed, whose feed it follows. */
  close(): Promise<void>;
}

export interface BudgetSetting {
  readonly retentionMs: number;
  readonly peer?: BudgetPeer | undefined;
}

/** Opens the budgets in the region's data directory. Throws AdtallyError data_format. */
export function openBudget(
  region: Region,
  directory: string,
  { retentionMs, peer }: BudgetSetting,
): OpenedBudget {
  const store = openBudgetStore(directory, region.name);
  const service = new BudgetService({
    store,
    region: region.name,
    feed: region,
    peer,
    retentionMs,
    held: recordsOf(region),
    clock: nodeClock,
  });
  const close = async (): Promise<void> => {
    await service.close();
    store.close();
  };
  const takeLedger = (path: string): void => {
    store.takeLedger(path);
    service.startOver();
  };
  return { service, takeLedger, close };
}

/** The records a running region holds. */
function recordsOf(region: Pick<Region, 'adMinutes'>): HeldRecords {
  const read = (from: UnixMs, to: UnixMs): IterableIterator<AdMinuteFigures> =>
    region.adMinutes({ from, to });
  return {
    from() {
      for (const { minute } of read(0, Infinity)) return minute;
      return Infinity;
    },
    *byMinute(): Iterable<MinuteRecords> {
      let records: AdMinute[] = [];
      for (const figures of read(0, Infinity)) {
        if (records.length > 0 && figures.minute !== records[0].minute) {
          yield { minute: records[0].minute, records };
          records = [];
        }
        records.push(withId(figures));
      }
      if (records.length > 0) yield { minute: records[0].minute, records };
    },
    records: (minute) => Array.from(read(minute, minute + MINUTE_MS), withId),
  };
}

function withId(figures: AdMinuteFigures): AdMinute {
  const { region, adId, minute, currency } = figures;
  return { ...figures, recordId: adMinuteRecordId(region, adId, minute, currency) };
}
