import type { Region } from '../../src/embedded/ports.ts';
import { noOrderVerdicts } from '../../src/model/order-receipt.ts';
import { noVerdicts } from '../../src/model/verdict.ts';
import { ServerMetrics } from '../../src/server/metrics.ts';
import { code, page, table } from './markdown.ts';

/** Those of the Node process, which its library documents. */
const PROCESS_METRIC = /^adtally_(process|nodejs)_/;

export async function metricsPage(): Promise<string> {
  const lines = (await prometheusText()).split('\n');
  const kinds = matchAll(lines, /^# TYPE (\S+) (\S+)$/);
  const helps = matchAll(lines, /^# HELP (\S+) (.+)$/);
  const rows = [...kinds]
    .filter(([name]) => !PROCESS_METRIC.test(name))
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, kind]) => [code(name), kind, labelsOf(name, lines), helps.get(name) ?? '']);
  return page(
    'Metrics',
    '`/metrics` speaks the Prometheus text format. Names begin with `adtally_` and end with their unit.',
    table(['metric', 'kind', 'labels', 'what it is'], rows),
    'Besides these there are the usual figures of a Node process: `adtally_process_*` and `adtally_nodejs_*`.',
    '## What to watch',
    '- `adtally_visible_seconds`: how soon events are durable and visible. It grows when the disk or the process is too slow.\n' +
      '- `adtally_pending_bytes` near `limits.pendingBytes`: publishers are about to be told to wait (429).\n' +
      '- `adtally_events_total` by verdict: a jump of `invalid`, `late` or `future` is a publisher that changed something; a jump ' +
      'of `duplicate` is one whose answers get lost.\n' +
      '- `adtally_orders_pending` that grows: the order service does not answer.\n' +
      '- `adtally_store_running` at 0 or `adtally_store_lag_seconds` that grows: a store does not follow; `GET /v1/stores` says why.\n' +
      '- `adtally_quarantine_dropped_total`: events leave the quarantine unseen.',
  );
}

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
async function prometheusText(): Promise<string> {
  const idle = { status: () => ZEROS, onChange: () => () => {} } as unknown as Region;
  const link = { region: 'b', url: 'http://b.example', status: () => PULL };
  const metrics = new ServerMetrics(idle, () => 0, {
    peer: { link, clock: { now: () => 1 } },
    stores: { reporting: () => Promise.resolve(STORE) },
  });
  metrics.observeRequest('GET', '/metrics', 200, 1);
  const text = await metrics.render();
  metrics.close();
  return text;
}

function matchAll(lines: readonly string[], pattern: RegExp): Map<string, string> {
  const matches = lines.map((line) => pattern.exec(line)).filter((match) => match !== null);
  return new Map(matches.map(([, name, value]) => [name, value]));
}

/** Labels of a metric's samples; `le` is only how a histogram is written. */
function labelsOf(name: string, lines: readonly string[]): string {
  const samples = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name}_count{`));
  const labels = samples.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map((match) => match[1]));
  return [...new Set(labels)].map(code).join(', ');
}
