import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import { ENTRY_KIND } from '../../src/embedded/log/entry.ts';
import { readLog } from '../../src/embedded/log/log-reader.ts';
import { readManifest } from '../../src/embedded/snapshot/manifest.ts';
import { CountingOracle } from '../../src/oracle/counting-oracle.ts';
import type { OracleRecord, OracleRules } from '../../src/oracle/oracle-rules.ts';

/** Counts the log of a region that does not run with the naive oracle. Returns its records by record id. */
export async function recount(directory: string): Promise<Map<string, OracleRecord>> {
  const disk = new NodeDisk(directory);
  const manifest = (await readManifest(disk))!;
  let oracle: CountingOracle | undefined;
  for await (const { entries } of readLog(disk, Buffer.from(manifest.dataId, 'hex'), 1)) {
    for (const { kind, arrival: arrivalMs, body } of entries) {
      if (kind === ENTRY_KIND.rules) {
        const rules = JSON.parse(Buffer.from(body).toString()) as Omit<OracleRules, 'region'>;
        oracle ??= new CountingOracle({ ...rules, region: manifest.region });
      } else {
        const format = kind === ENTRY_KIND.eventsJson ? 'json' : 'ndjson';
        oracle!.take({ arrivalMs, format, body }, { perEvent: false });
      }
    }
  }
  return oracle!.records();
}
