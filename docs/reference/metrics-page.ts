import { code, page, table } from './markdown.ts';
import { gatewayMetrics, regionMetrics, watchMetrics } from './served-metrics.ts';

/** Those of the Node process, which its library documents. */
const PROCESS_METRIC = /^adtally_(process|nodejs)_/;

export async function metricsPage(): Promise<string> {
  return page(
    'Metrics',
    '`/metrics` speaks the Prometheus text format. Names begin with `adtally_` and end with their unit.',
    metricsTable(await regionMetrics()),
    'Besides these there are the usual figures of a Node process: `adtally_process_*` and `adtally_nodejs_*`.',
    '## What to watch',
    '- `adtally_visible_seconds`: how soon events are durable and visible. It grows when the disk or the process is too slow.\n' +
      '- `adtally_pending_bytes` near `limits.pendingBytes`: publishers are about to be told to wait (429).\n' +
      '- `adtally_events_total` by verdict: a jump of `invalid`, `late` or `future` is a publisher that changed something; a jump ' +
      'of `duplicate` is one whose answers get lost.\n' +
      '- `adtally_orders_pending` that grows: the order service does not answer.\n' +
      '- `adtally_store_running` at 0 or `adtally_store_lag_seconds` that grows: a store does not follow; `GET /v1/stores` says why.\n' +
      '- `adtally_quarantine_dropped_total`: events leave the quarantine unseen.',
    '## A gateway',
    '`adtally gateway` shows these, and those of its process. What it takes in it does not judge: verdicts are counted behind Kafka.',
    metricsTable(await gatewayMetrics()),
    '`adtally_kafka_ready` at 0 or `adtally_kafka_failures_total` that grows: senders are told to come again.',
    '## A cluster that is watched',
    '`adtally cluster watch` shows these at its `--metrics-port`, of its last look at the cluster, and those of its process.',
    metricsTable(await watchMetrics()),
    '`adtally_cluster_alarms` above 0 needs a look ([alarms](../cluster.md#alarms)), and so does `adtally_watch_look_timestamp_seconds` ' +
      'that stands still: nobody watches. `deploy/grafana/adtally.json` is a dashboard of gateways and cluster for Grafana.',
  );
}

function metricsTable(text: string): string {
  const lines = text.split('\n');
  const kinds = matchAll(lines, /^# TYPE (\S+) (\S+)$/);
  const helps = matchAll(lines, /^# HELP (\S+) (.+)$/);
  const rows = [...kinds]
    .filter(([name]) => !PROCESS_METRIC.test(name))
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, kind]) => [code(name), kind, labelsOf(name, lines), helps.get(name) ?? '']);
  return table(['metric', 'kind', 'labels', 'what it is'], rows);
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
