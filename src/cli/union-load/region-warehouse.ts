import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { OwnRegion } from './region-reporting.ts';
import { warehouseIn } from './stores.ts';
import { WarehouseService } from './warehouse-service.ts';
import type { FollowedRegion } from './worker-protocol.ts';

/** Starts the warehouse of a region that is served; undefined where the spec wants none. `tell` hears what fails. */
export function startWarehouse(
  { warehouse }: PipelineSpec,
  { directory, ...own }: OwnRegion,
  peers: readonly FollowedRegion[],
  tell: (error: Error) => void,
): WarehouseService | undefined {
  if (warehouse.enabled === 'no') return undefined;
  const { fileRows, fileAge, fileSize, grace } = warehouse;
  const options = { fileRows, fileAgeMs: fileAge, fileBytesMax: fileSize, graceMs: grace };
  const regions = [own, ...peers.filter(({ name }) => name !== own.name)];
  return new WarehouseService({ ...options, directory: warehouseIn(directory), regions }, tell);
}
