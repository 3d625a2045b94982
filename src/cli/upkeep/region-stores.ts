import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import type { Region } from '../../embedded/ports.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { OpenedBudget } from '../budget/region-budget.ts';
import { startReporting, type OwnRegion } from '../union-load/region-reporting.ts';
import { startWarehouse } from '../union-load/region-warehouse.ts';
import type { ReportingService } from '../union-load/reporting-service.ts';
import type { WarehouseService } from '../union-load/warehouse-service.ts';
import type { FollowedRegion } from '../union-load/worker-protocol.ts';
import { StoreUpkeep } from './store-upkeep.ts';

export interface RegionStoresOptions {
  readonly spec: PipelineSpec;
  readonly region: Pick<Region, 'asOf'>;
  readonly own: OwnRegion;
  readonly peers: readonly FollowedRegion[];
  readonly budget: OpenedBudget | undefined;
  /** Hears of what fails, and which store has trouble. */
  readonly tell: (error: Error, what: string) => void;
}

/** The stores of a region that is served. */
export interface RegionStores {
  readonly reporting: ReportingService | undefined;
  readonly warehouse: WarehouseService | undefined;
  readonly upkeep: StoreUpkeep;
  close(): Promise<void>;
}

/** Starts those that the spec wants. */
export function startStores({ spec, region, own, peers, budget, tell }: RegionStoresOptions): RegionStores {
  const reporting = startReporting(spec, own, peers, (error) => tell(error, 'the reporting store has ended'));
  const warehouse = startWarehouse(spec, own, peers, (error) => tell(error, 'the warehouse has trouble'));
  const { name, directory } = own;
  const heldFrom = (): number => region.asOf() - spec.retention.records;
  const options = { region: name, directory, reporting, warehouse, budget, heldFrom, clock: nodeClock };
  const upkeep = new StoreUpkeep(options);
  const close = async (): Promise<void> => {
    upkeep.close();
    await Promise.all([reporting?.close(), warehouse?.close()]);
  };
  return { reporting, warehouse, upkeep, close };
}
