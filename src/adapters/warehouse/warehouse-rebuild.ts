import type { Clock } from '../../base/clock.ts';
import { fillFrom } from '../../union-load/record-fill.ts';
import type { RecordKind, RecordKinds, RecordSource } from '../../union-load/ports.ts';
import type { DataFile } from '../../warehouse/manifest.ts';
import { DiskFiles } from './disk-files.ts';
import { StagingArea } from './staging-area.ts';
import { WarehouseDirectory } from './warehouse-directory.ts';

export interface WarehouseRebuildOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly source: RecordSource;
  /** By feed ("a/ad-minutes"), how far the source has all of it. */
  readonly cursors: Readonly<Record<string, string>>;
  /** Hears how many records have come. */
  readonly onRecords: (records: number) => void;
}

/**
 * Makes the warehouse of a directory anew from what another store holds. All files are made in the stage; one commit has them stand
 * for all that was there before, damaged or not. Nobody may write to the warehouse meanwhile. A crash leaves the old or the new.
 */
export async function rebuildWarehouse(options: WarehouseRebuildOptions): Promise<void> {
  const { directory, clock, source, cursors, onRecords } = options;
  const warehouse = new WarehouseDirectory(directory, new DiskFiles(), clock);
  await warehouse.beginAnew();
  const staging = await StagingArea.open(warehouse.spillDirectory);
  try {
    const fill = <Kind extends RecordKind>(
      kind: Kind,
      records: readonly RecordKinds[Kind][],
    ): Promise<void> => staging.add(kind, records);
    await fillFrom(source, { fill, flush: () => Promise.resolve() }, onRecords);
    const added: DataFile[] = [];
    for (const waiting of await staging.waitingDays()) {
      const path = warehouse.nextPath(`${waiting.table.name}/dt=${waiting.day}`);
      const rows = await staging.writeDay(waiting, warehouse.stagedAt(path));
      added.push(await warehouse.sealStaged(path, rows));
    }
    await warehouse.replaceAll({ cursors, added });
  } finally {
    staging.close();
  }
}
