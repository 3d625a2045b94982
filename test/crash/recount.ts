import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import { ENTRY_KIND, type LoggedEntry } from '../../src/embedded/log/entry.ts';
import { readLog } from '../../src/embedded/log/log-reader.ts';
import { readManifest } from '../../src/embedded/snapshot/manifest.ts';
import { AttributionOracle, type OracleAttributedOrder } from '../../src/oracle/attribution-oracle.ts';
import { splitOracleBody } from '../../src/oracle/body-splitter.ts';
import { CountingOracle } from '../../src/oracle/counting-oracle.ts';
import { readOracleEvent } from '../../src/oracle/event-reader.ts';
import type { OracleAttributionRules } from '../../src/oracle/oracle-credits.ts';
import type { OracleRecord, OracleRules } from '../../src/oracle/oracle-rules.ts';

export interface Recount {
  /** Ad minutes by record id. */
  readonly records: Map<string, OracleRecord>;
  /** What touches have of orders, by record id. */
  readonly orders: Map<string, OracleAttributedOrder>;
}

interface Oracles {
  readonly rules: OracleRules;
  readonly counting: CountingOracle;
  readonly attribution: AttributionOracle;
}

/** Counts the log of a region that does not run with the naive oracles. */
export async function recount(directory: string): Promise<Recount> {
  const disk = new NodeDisk(directory);
  const manifest = (await readManifest(disk))!;
  let oracles: Oracles | undefined;
  for await (const { entries } of readLog(disk, Buffer.from(manifest.dataId, 'hex'), 1)) {
    for (const entry of entries) {
      if (entry.kind === ENTRY_KIND.rules) oracles ??= oraclesFor(entry, manifest.region);
      else take(entry, oracles!);
    }
  }
  return { records: oracles!.counting.records(), orders: oracles!.attribution.records() };
}

function oraclesFor({ body }: LoggedEntry, region: string): Oracles {
  const logged = JSON.parse(Buffer.from(body).toString()) as Omit<OracleRules, 'region'> & {
    orders: OracleAttributionRules;
  };
  const rules = { ...logged, region };
  return {
    rules,
    counting: new CountingOracle(rules),
    attribution: new AttributionOracle(region, rules.orders),
  };
}

function take({ kind, arrival, body }: LoggedEntry, { rules, counting, attribution }: Oracles): void {
  attribution.passTime(arrival);
  const isJson = kind === ENTRY_KIND.eventsJson || kind === ENTRY_KIND.ordersJson;
  const items = splitOracleBody(body, isJson ? 'json' : 'ndjson');
  if (kind === ENTRY_KIND.ordersJson || kind === ENTRY_KIND.ordersNdjson) {
    for (const order of items) attribution.takeOrder(order, arrival);
    return;
  }
  for (const [index, { verdict }] of counting.takeEvents(items, arrival).perEvent.entries()) {
    if (verdict !== 'counted') continue;
    const {
      placement: _,
      costMicros: _cost,
      currency: _currency,
      ...touch
    } = readOracleEvent(items[index], rules).event!;
    attribution.takeTouch({ ...touch, region: rules.region });
  }
}
