import type { Region } from '../../src/embedded/ports.ts';
import { ALARM_CODES } from '../../src/cluster/watch/alarm.ts';
import { noOrderVerdicts } from '../../src/model/order-receipt.ts';
import { noVerdicts } from '../../src/model/verdict.ts';
import { GatewayMetrics } from '../../src/server/gateway/gateway-metrics.ts';
import { ServerMetrics } from '../../src/server/metrics.ts';
import type { RegistryMetrics } from '../../src/server/serving/registry-metrics.ts';
import { WatchMetrics } from '../../src/server/watch/watch-metrics.ts';

const NO_ORDERS = { received: 0, verdicts: noOrderVerdicts(), held: 0, pending: 0 };

const PEER = { through: 1, settled: 1, yielded: 0, blocksMissed: 0 };
const PULL = { isConnected: true, pages: 0, silentSince: null, lastError: null };

/** A status in which every figure is 0. */
const ZEROS: object = new Proxy(
  { verdicts: noVerdicts(), orders: NO_ORDERS, peer: PEER },
  { get: (given, name) => Reflect.get(given, name) ?? (name === 'recovery' ? ZEROS : 0) },
);

const STORE = {
  state: 'running' as const,
  error: null,
  restarts: 0,
  feeds: [
    {
      region: 'a',
      kind: 'ad-minutes' as const,
      sink: 'reporting',
      caughtUp: true,
      lagMs: 0,
      records: 0,
      pages: 0,
      asOf: 0,
      error: null,
      failures: 0,
      restarts: 0,
    },
  ],
};

/** What a region that has just begun shows, after one request. */
export function regionMetrics(): Promise<string> {
  const idle = { status: () => ZEROS, onChange: () => () => {} } as unknown as Region;
  const link = { region: 'b', url: 'http://b.example', status: () => PULL };
  return shown(
    new ServerMetrics(idle, () => 0, {
      peer: { link, clock: { now: () => 1 } },
      stores: { reporting: () => Promise.resolve(STORE) },
    }),
  );
}

/** The same of a gateway. */
export function gatewayMetrics(): Promise<string> {
  const taken = { received: 0, invalid: 0 };
  const figures = {
    region: 'a',
    events: taken,
    orders: taken,
    pendingBytes: 0,
    published: 0,
    publishMsLast: 0,
  };
  return shown(
    new GatewayMetrics(
      () => ({ ...figures, failures: 0, isReady: true }),
      () => 0,
    ),
  );
}

/** The same of `adtally cluster watch`. */
export function watchMetrics(): Promise<string> {
  const name = 'adtally-a-aggregation';
  const job = {
    name,
    isRunning: true,
    checkpointAgeMs: 0,
    checkpointsCompleted: 0,
    checkpointsFailed: 0,
    lagMessages: 0,
    committers: [{ sink: 'clean', failed: 0, pending: 0 }],
  };
  const figures = {
    at: 0,
    alarms: [{ code: 'job_down', subject: name }],
    servers: [{ name: 'kafka-a', isUp: true }],
    jobs: [job],
    topics: [{ name: 'a.clean', unstableMessages: 0 }],
    restarts: new Map([[name, 1]]),
  };
  return shown(new WatchMetrics(() => figures, ALARM_CODES), false);
}

async function shown(metrics: RegistryMetrics, isAsked = true): Promise<string> {
  if (isAsked) metrics.observeRequest('GET', '/metrics', 200, 1);
  const text = await metrics.render();
  metrics.close();
  return text;
}
