import { resolve } from 'node:path';
import { pino } from 'pino';
import type { KafkaAddress } from '../../../adapters/kafka/kafka-client.ts';
import { openKafkaInspection } from '../../../adapters/kafka/kafka-inspection.ts';
import { openKafkaPublisher, type Compression } from '../../../adapters/kafka/kafka-publisher.ts';
import { openKafkaReader } from '../../../adapters/kafka/kafka-reader.ts';
import { HttpPinotController } from '../../../adapters/pinot/pinot-controller.ts';
import { openPinotReports } from '../../../adapters/pinot/open-pinot-reports.ts';
import { campaignAttributes } from '../../../adapters/postgres/budget/campaign-attributes.ts';
import { PostgresDatabase } from '../../../adapters/postgres/postgres-database.ts';
import { PostgresTouches } from '../../../adapters/postgres/touches/touch-reader.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { Gateway } from '../../../cluster/gateway/gateway.ts';
import { VerdictHour } from '../../../cluster/gateway/verdict-hour.ts';
import type { LoadedRegion } from '../../../cluster/pinot/ports.ts';
import { RecordProgress } from '../../../cluster/progress/record-progress.ts';
import { ProgressServers } from '../../../cluster/progress/servers.ts';
import { retentionDays } from '../../../cluster/render/pinot-tables.ts';
import type { Reports } from '../../../reporting/reports.ts';
import { AdtallyError } from '../../../base/errors.ts';
import { DAY_MS } from '../../../base/units.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { startGatewayServer } from '../../../server/gateway/gateway-server.ts';
import { suitHeapToBodies } from '../../../server/heap.ts';
import { KeyFile } from '../../key-file.ts';

/** To PostgreSQL. */
const CONNECTIONS = 4;
const PINOT_TIMEOUT_MS = 10_000;

export interface GatewayPlan {
  readonly spec: PipelineSpec;
  readonly region: string;
  /** `HOST:PORT` of brokers of the region's Kafka. */
  readonly brokers: readonly string[];
  /** The same of the other region; undefined where that is not known, or there is none. */
  readonly peerBrokers: readonly string[] | undefined;
  readonly compression: Compression;
  /** URL of the broker of the region's Pinot; null where figures are asked for elsewhere. */
  readonly pinot: string | null;
  /** URL of its controller; null where nobody says how far figures reach. */
  readonly pinotController: string | null;
  /** URL of the PostgreSQL with the touches; null where they are not served. */
  readonly postgres: string | null;
}

export interface RunningGateway {
  readonly url: string;
  /** Takes in nothing more, answers what was accepted, lets go of Kafka. */
  close(): Promise<void>;
}

/** Runs a gateway, whether Kafka is there or not: it says so at /readyz. Throws what startGatewayServer throws. */
export async function runGateway(plan: GatewayPlan): Promise<RunningGateway> {
  const { spec, region, brokers, compression, postgres } = plan;
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
  const progress = progressOf(plan, clientId);
  started.defer(() => progress.close());
  try {
    const database =
      postgres === null
        ? undefined
        : new PostgresDatabase({ url: postgres, name: 'adtally-gateway', connections: CONNECTIONS });
    started.defer(async () => database?.close());
    const keys = new KeyFile(resolve(spec.data));
    const server = await startGatewayServer({
      gateway,
      reports: reportsFrom(plan, progress, database),
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

function reportsFrom(
  { pinot, spec }: GatewayPlan,
  progress: FollowedProgress,
  database: PostgresDatabase | undefined,
): Reports | undefined {
  if (pinot === null) return undefined;
  return openPinotReports({
    brokerUrl: pinot,
    regions: spec.regions,
    campaigns: () => (database === undefined ? Promise.resolve([]) : campaignAttributes(database)),
    progress: () => Promise.resolve(progress.regions()),
    heldFrom: () => Math.max(0, nodeClock.now() - retentionDays(spec) * DAY_MS),
  });
}

interface FollowedProgress {
  regions(): readonly LoadedRegion[] | null;
  close(): Promise<void>;
}

/** How far the records of all regions have come in this one's Pinot. */
function progressOf(
  { spec, region, brokers, peerBrokers, pinotController }: GatewayPlan,
  clientId: string,
): FollowedProgress {
  if (pinotController === null) return { regions: () => null, close: () => Promise.resolve() };
  const addressOf = (of: string): KafkaAddress => {
    const known = of === region ? brokers : peerBrokers;
    if (known !== undefined) return { brokers: known, clientId };
    throw new AdtallyError('kafka_unreachable', `Where the Kafka of region ${of} is was not said.`);
  };
  const sources = new ProgressServers({
    regions: spec.regions,
    openInspection: async (of) => openKafkaInspection(addressOf(of)),
    openReader: async (of, reading) => openKafkaReader(addressOf(of), reading),
    pinot: new HttpPinotController({ url: pinotController, timeoutMs: PINOT_TIMEOUT_MS }),
    clock: nodeClock,
  });
  const progress = new RecordProgress({ spec, region, sources, clock: nodeClock });
  return {
    regions: () => progress.regions(),
    close: async () => {
      await progress.close();
      await sources.close();
    },
  };
}
