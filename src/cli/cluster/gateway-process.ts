import { resolve } from 'node:path';
import { pino } from 'pino';
import { openKafkaPublisher, type Compression } from '../../adapters/kafka/kafka-publisher.ts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { Gateway } from '../../cluster/gateway/gateway.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { startGatewayServer } from '../../server/gateway/gateway-server.ts';
import { suitHeapToBodies } from '../../server/heap.ts';
import { KeyFile } from '../key-file.ts';

export interface GatewayPlan {
  readonly spec: PipelineSpec;
  readonly region: string;
  /** `HOST:PORT` of brokers of the region's Kafka. */
  readonly brokers: readonly string[];
  readonly compression: Compression;
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
}: GatewayPlan): Promise<RunningGateway> {
  const log = pino({ name: 'adtally-gateway' }, pino.destination({ dest: 2, sync: true }));
  suitHeapToBodies();
  const clientId = `adtally-gateway-${region}`;
  const publisher = openKafkaPublisher({ brokers, clientId, log }, compression);
  const gateway = new Gateway({ region, spec, publisher, clock: nodeClock });
  const started = new AsyncDisposableStack();
  started.defer(() => gateway.close());
  try {
    const keys = new KeyFile(resolve(spec.data));
    const server = await startGatewayServer({ gateway, spec, keys, clock: nodeClock, log });
    started.defer(() => server.close());
    return { url: server.url, close: () => started.disposeAsync() };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}
