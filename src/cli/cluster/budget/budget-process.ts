import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { pino } from 'pino';
import { openKafkaAdmin } from '../../../adapters/kafka/kafka-admin.ts';
import type { KafkaAddress } from '../../../adapters/kafka/kafka-client.ts';
import { openKafkaReader } from '../../../adapters/kafka/kafka-reader.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { PostgresCampaignStore } from '../../../adapters/postgres/budget/campaign-store.ts';
import { PostgresChargingStore } from '../../../adapters/postgres/budget/charging-store.ts';
import { prepareBudgetSchema } from '../../../adapters/postgres/budget/schema.ts';
import { PostgresDatabase } from '../../../adapters/postgres/postgres-database.ts';
import { Charger } from '../../../cluster/budget/charger.ts';
import { ClusterDesk } from '../../../cluster/budget/cluster-desk.ts';
import type { LoadTopic } from '../../../cluster/budget/ports.ts';
import { topicNamesOf } from '../../../cluster/topic-names.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { startBudgetServer } from '../../../server/budget/budget-server.ts';
import { AuditTrail } from '../../../server/trail/audit-trail.ts';
import { TrailFile } from '../../../server/trail/trail-file.ts';
import { KeyFile } from '../../key-file.ts';

/** For requests and the news, and as many for transactions. */
const CONNECTIONS = 4;

export interface BudgetPlan {
  readonly spec: PipelineSpec;
  /** Whose load topic is read. */
  readonly region: string;
  /** `HOST:PORT` of brokers of the region's Kafka. */
  readonly brokers: readonly string[];
  /** URL. */
  readonly postgres: string;
}

export interface RunningBudgets {
  readonly url: string;
  /** Keeps the batch under way and lets go of everything. */
  close(): Promise<void>;
}

/** Runs a budget service. Rejects with cluster_unreachable where PostgreSQL is not there at the start, and what startBudgetServer throws. */
export async function runBudgetService({
  spec,
  region,
  brokers,
  postgres,
}: BudgetPlan): Promise<RunningBudgets> {
  const log = pino({ name: 'adtally-budget' }, pino.destination({ dest: 2, sync: true }));
  const directory = resolve(spec.data);
  // The trail goes there.
  mkdirSync(directory, { recursive: true });
  const started = new AsyncDisposableStack();
  try {
    const database = new PostgresDatabase({
      url: postgres,
      name: 'adtally-budget',
      connections: CONNECTIONS,
    });
    started.defer(() => database.close());
    await prepareBudgetSchema(database);
    const charger = new Charger({
      store: new PostgresChargingStore(database),
      source: loadTopic(region, { brokers, clientId: `adtally-budget-${region}`, log }),
      region,
      regions: spec.regions,
      holder: `${hostname()}/${process.pid}/${randomUUID()}`,
      retentionMs: spec.budget.retention,
      clock: nodeClock,
    });
    started.defer(() => charger.close());
    const desk = new ClusterDesk({
      store: new PostgresCampaignStore(database),
      region,
      clock: nodeClock,
      feed: () => charger.status(),
    });
    started.defer(() => desk.close());
    const server = await startBudgetServer({
      desk,
      isCharging: () => charger.isCharging,
      spec,
      keys: new KeyFile(directory),
      trail: new AuditTrail(new TrailFile(directory), nodeClock),
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

function loadTopic(region: string, address: KafkaAddress): LoadTopic {
  const topic = topicNamesOf(region).loadAdMinutes;
  return {
    topic,
    async offsets() {
      const admin = await openKafkaAdmin(address);
      try {
        return await admin.offsets(topic);
      } finally {
        await admin.close();
      }
    },
    read: (reading) => openKafkaReader(address, { ...reading, topics: [topic] }),
  };
}
