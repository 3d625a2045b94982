import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { pause } from '../../../src/base/pause.ts';
import { Gateway } from '../../../src/cluster/gateway/gateway.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { VerdictCounts } from '../../../src/model/verdict.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';
import type { TouchBook } from '../../../src/model/touch.ts';
import type { Reports } from '../../../src/reporting/reports.ts';
import { startGatewayServer } from '../../../src/server/gateway/gateway-server.ts';
import { type KeyStore, keyStoreOf } from '../../../src/server/keys.ts';
import { MemoryKafka } from '../../cluster/kafka/memory-kafka.ts';

export interface TestGatewayOptions {
  readonly config?: PipelineConfig;
  readonly keys?: KeyStore;
  readonly clock?: Clock;
  readonly reports?: Reports | undefined;
  readonly touches?: TouchBook | undefined;
  readonly verdicts?: () => VerdictCounts | null;
  /** Longest wait of a request for Kafka, ms. */
  readonly answerWithinMs?: number;
}

export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly kafka: MemoryKafka;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Posts JSON. */
  post(path: string, body: BodyInit, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Resolves once /readyz says so. */
  untilReady(): Promise<void>;
  /** The server first, then the gateway, as the command does. */
  close(): Promise<void>;
}

/** The server of a gateway over a Kafka in memory, on a free port of loopback. */
export async function openTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const {
    config = {},
    keys = keyStoreOf([]),
    clock = nodeClock,
    reports,
    touches,
    verdicts = () => null,
  } = options;
  const given = { ...config, server: { port: 0, ...config.server } };
  const spec = resolveSpec(given, { environment: {}, flags: {} });
  const kafka = new MemoryKafka();
  const { answerWithinMs = 10_000 } = options;
  const gateway = new Gateway({ region: 'a', spec, publisher: kafka, clock, answerWithinMs });
  const server = await startGatewayServer({ gateway, reports, touches, verdicts, spec, keys, clock });
  const get = (path: string, headers = {}): Promise<Response> => fetch(server.url + path, { headers });
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    kafka,
    get,
    post: (path, body, headers = {}) => {
      const all = { 'content-type': 'application/json', ...headers };
      return fetch(server.url + path, { method: 'POST', body, headers: all });
    },
    async untilReady() {
      while ((await get('/readyz')).status !== 200) await pause(nodeClock, 10);
    },
    async close() {
      await server.close();
      await gateway.close();
    },
  };
}
