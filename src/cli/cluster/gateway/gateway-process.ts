import { resolve } from 'node:path';
import { pino } from 'pino';
import { openKafkaPublisher, type Compression } from '../../../adapters/kafka/kafka-publisher.ts';
import { openKafkaReader } from '../../../adapters/kafka/kafka-reader.ts';
import { openPinotReports } from '../../../adapters/pinot/open-pinot-reports.ts';
import { PostgresDatabase } from '../../../adapters/postgres/postgres-database.ts';
import { PostgresTouches } from '../../../adapters/postgres/touches/touch-reader.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { Gateway } from '../../../cluster/gateway/gateway.ts';
import { VerdictHour } from '../../../cluster/gateway/verdict-hour.ts';
import { retentionDays } from '../../../cluster/render/pinot-tables.ts';
import type { Reports } from '../../../reporting/reports.ts';
import { DAY_MS } from '../../../base/units.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { startGatewayServer } from '../../../server/gateway/gateway-server.ts';
import { suitHeapToBodies } from '../../../server/heap.ts';
import { KeyFile } from '../../key-file.ts';

/** To PostgreSQL. */
const CONNECTIONS = 4;

export interface GatewayPlan {
  readonly spec: PipelineSpec;
  readonly region: string;
  /** `HOST:PORT` of brokers of the region's Kafka. */
  readonly brokers: readonly string[];
  readonly compression: Compression;
  /** URL of the broker of the region's Pinot; null where figures are asked for elsewhere. */
  readonly pinot: string | null;
  /** URL of the PostgreSQL with the touches; null where they are not served. */
  readonly postgres: string | null;
}

export interface RunningGateway {
  readonly url: string;
  /** Takes in nothing more, answers what was accepted, lets go of Kafka. */
  close(): Promise<void>;
}

/** Runs a gateway, whether Kafka is there or not: it says so at /readyz. Throws what startGatewayServer throws. */
export async function runGateway({
  spec,
  region,
  brokers,
  compression,
  pinot,
  postgres,
}: GatewayPlan): Promise<RunningGateway> {
  const log = pino({ name: 'adtally-gateway' }, pino.destination({ dest: 2, sync: true }));
  suitHeapToBodies();
  const clientId = `adtally-gateway-${region}`;
  const address = { brokers, clientId, log };
  const publisher = openKafkaPublisher(address, compression);
  const gateway = new Gateway({ region, spec, publisher, clock: nodeClock });
  const started = new AsyncDisposableStack();
  started.defer(() => gateway.close());
  const openReader = openKafkaReader.bind(undefined, address);
  const verdicts = new VerdictHour({ region, openReader, clock: nodeClock });
  started.defer(() => verdicts.close());
  try {
    const database =
      postgres === null
        ? undefined
        : new PostgresDatabase({ url: postgres, name: 'adtally-gateway', connections: CONNECTIONS });
    started.defer(async () => database?.close());
    const keys = new KeyFile(resolve(spec.data));
    const server = await startGatewayServer({
      gateway,
      reports: reportsFrom(pinot, spec),
      verdicts: () => verdicts.counts(),
      touches: database && new PostgresTouches(database, spec.regions),
      spec,
      keys,
      clock: nodeClock,
      log,
    });
    started.defer(() => server.close());
    return { url: server.url, close: () => started.disposeAsync() };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

function reportsFrom(brokerUrl: string | null, spec: PipelineSpec): Reports | undefined {
  if (brokerUrl === null) return undefined;
  return openPinotReports({
    brokerUrl,
    regions: spec.regions,
    // Campaigns are not kept on the cluster yet, and nobody says how far Pinot has come: nothing is called final.
    campaigns: () => Promise.resolve([]),
    progress: () => Promise.resolve(null),
    heldFrom: () => Math.max(0, nodeClock.now() - retentionDays(spec) * DAY_MS),
  });
}
