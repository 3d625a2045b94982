import { openHive } from '../../../adapters/hive/hive-server.ts';
import { openKafkaAdmin } from '../../../adapters/kafka/kafka-admin.ts';
import { openKafkaReader } from '../../../adapters/kafka/kafka-reader.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { HttpPinotBroker } from '../../../adapters/pinot/pinot-broker.ts';
import { LedgerBooks } from '../../../adapters/postgres/budget/ledger-books.ts';
import { PostgresDatabase } from '../../../adapters/postgres/postgres-database.ts';
import type { Patience } from '../../../base/settle.ts';
import { AdtallyError } from '../../../base/errors.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../base/units.ts';
import { brokersOf, type ClusterAddresses } from '../../../cluster/addresses.ts';
import { auditCluster, type ClusterAudit } from '../../../cluster/audit/cluster-audit.ts';
import type { AuditedBooks } from '../../../cluster/audit/ports.ts';
import { RegionBooks } from '../../../cluster/audit/region-books.ts';
import type { KafkaAdmin } from '../../../cluster/kafka/ports.ts';
import { GROUPS_MAX } from '../../../cluster/pinot/figures-sql.ts';
import { PinotBooks } from '../../../cluster/pinot/pinot-books.ts';
import { retentionDays } from '../../../cluster/render/pinot-tables.ts';
import { topicsOf } from '../../../cluster/render/topics.ts';
import { HiveBooks } from '../../../cluster/warehouse/hive-books.ts';
import type { HiveSession } from '../../../cluster/warehouse/ports.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { RECORD_KINDS } from '../../../union-load/ports.ts';
import type { Terminal } from '../../terminal.ts';
import { readAddresses } from '../state/address-file.ts';
import { ReadingLines } from './reading-lines.ts';

const QUERY_MS_MAX = 30 * SECOND_MS;
const HIVE_MS_MAX = 10 * MINUTE_MS;

/**
 * Closes the books of the cluster in the directory; `given` are its settings but for the regions. Rejects with AdtallyError
 * not_found without a cluster there, and kafka_unreachable.
 */
export async function auditClusterIn(
  directory: string,
  given: PipelineSpec,
  terminal: Terminal,
): Promise<ClusterAudit> {
  const addresses = readAddresses(directory);
  const names = Object.keys(addresses.regions);
  const spec = { ...given, regions: names };
  const lines = new ReadingLines(nodeClock, (text) => terminal.remark(text));
  await using opened = new AsyncDisposableStack();
  const regions = await Promise.all(names.map((region) => openBooks(region, spec, addresses, opened)));
  const pinots = pinotsOf(addresses, spec);
  return await auditCluster({
    regions,
    stores: [...pinots, ...hiveOf(addresses, spec, opened), ...(await ledgerOf(addresses, opened))],
    twins: RECORD_KINDS.flatMap((kind) => {
      const [one, ...others] = pinots.filter((pinot) => pinot.kind === kind);
      return others.map((other) => [one, other] as const);
    }),
    clock: nodeClock,
    patience: patienceOf(addresses),
    onProgress: (region, progress) => lines.tell(region, progress),
  });
}

/** Records take a checkpoint of two jobs, the mirror and Pinot to get everywhere. */
function patienceOf({ checkpointIntervalMs }: ClusterAddresses): Patience {
  return { pauseMs: Math.max(2 * SECOND_MS, checkpointIntervalMs), looksUnmoved: 5, roundsMax: 10 };
}

async function openBooks(
  region: string,
  spec: PipelineSpec,
  { regions }: ClusterAddresses,
  opened: AsyncDisposableStack,
): Promise<RegionBooks> {
  const address = { brokers: brokersOf(regions[region].kafka), clientId: 'adtally-audit' };
  const admin = await openKafkaAdmin(address);
  opened.defer(() => admin.close());
  await checkTopics(region, spec, admin);
  const kafka = { admin, openReader: openKafkaReader.bind(undefined, address) };
  const books = await RegionBooks.open(region, spec, kafka, nodeClock);
  opened.defer(() => books.close());
  return books;
}

/** Throws AdtallyError not_found before "apply". */
async function checkTopics(region: string, spec: PipelineSpec, admin: KafkaAdmin): Promise<void> {
  const wanted = topicsOf(region, spec, { brokers: 1, partitions: 1 }).map(({ name }) => name);
  const present = new Set((await admin.topics(wanted)).map(({ name }) => name));
  const missing = wanted.find((name) => !present.has(name));
  if (missing !== undefined)
    throw new AdtallyError('not_found', `Kafka has no topic ${missing}: "adtally cluster apply" makes it.`);
}

/** None for a cluster without Hive. It is asked only if the rest is there. */
function hiveOf(
  { hive: address }: ClusterAddresses,
  spec: PipelineSpec,
  opened: AsyncDisposableStack,
): AuditedBooks[] {
  if (address === undefined) return [];
  let session: HiveSession | undefined;
  opened.defer(async () => session?.close());
  const hive = async (): Promise<HiveSession> =>
    (session ??= await openHive({ address, timeMaxMs: HIVE_MS_MAX, rowsMax: GROUPS_MAX }));
  const options = { hive, clock: nodeClock, maxClockSkewMs: spec.maxClockSkew };
  return RECORD_KINDS.map((kind) => new HiveBooks({ ...options, kind }));
}

/** None for a cluster without PostgreSQL, or without a ledger in it. */
async function ledgerOf(
  { postgres: url }: ClusterAddresses,
  opened: AsyncDisposableStack,
): Promise<AuditedBooks[]> {
  if (url === undefined) return [];
  const database = new PostgresDatabase({ url, name: 'adtally-audit', connections: 1 });
  opened.defer(() => database.close());
  const ledger = await LedgerBooks.open(database);
  return ledger === undefined ? [] : [ledger];
}

/** None for a cluster without Pinot. */
function pinotsOf({ regions }: ClusterAddresses, spec: PipelineSpec): AuditedBooks[] {
  const retentionMs = retentionDays(spec) * DAY_MS;
  return Object.entries(regions).flatMap(([region, { pinotBroker: url }]) => {
    if (url === undefined) return [];
    const broker = new HttpPinotBroker({ url, timeoutMs: QUERY_MS_MAX, groupsMax: GROUPS_MAX });
    return RECORD_KINDS.map(
      (kind) => new PinotBooks({ region, kind, broker, retentionMs, clock: nodeClock }),
    );
  });
}
