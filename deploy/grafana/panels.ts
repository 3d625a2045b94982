/** What a panel shows of the metrics of gateways and of `adtally cluster watch`. */
export interface PanelPlan {
  readonly title: string;
  readonly about: string;
  /** As Grafana names it: "s", "bytes", "reqps", "short". */
  readonly unit: string;
  /** One number of now, or a line over time for each series. */
  readonly shape: 'number' | 'lines';
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** From here on it is red. */
  readonly alarmFrom?: number;
}

export interface RowPlan {
  readonly title: string;
  readonly panels: readonly PanelPlan[];
}

const RATE = '[$__rate_interval]';

export const ROWS: readonly RowPlan[] = [
  {
    title: 'Alarms',
    panels: [
      {
        title: 'Alarms that stand',
        about: 'Anything but 0 needs a look: "adtally cluster watch" says what and what to do.',
        unit: 'short',
        shape: 'number',
        queries: [{ expr: 'sum(adtally_cluster_alarms)', legend: 'alarms' }],
        alarmFrom: 1,
      },
      {
        title: 'Since the last look',
        about: 'When it grows nobody watches.',
        unit: 's',
        shape: 'number',
        queries: [{ expr: 'time() - max(adtally_watch_look_timestamp_seconds)', legend: 'last look' }],
        alarmFrom: 60,
      },
      {
        title: 'Transactions lost',
        about: 'What was in them is missing until "adtally cluster apply --replay".',
        unit: 'short',
        shape: 'number',
        queries: [{ expr: 'sum(adtally_cluster_job_commits_failed)', legend: 'lost' }],
        alarmFrom: 1,
      },
      {
        title: 'Alarms by kind',
        about: 'How many alarms of each kind stood.',
        unit: 'short',
        shape: 'lines',
        queries: [{ expr: 'sum by (alarm) (adtally_cluster_alarms) > 0', legend: '{{alarm}}' }],
      },
    ],
  },
  {
    title: 'Gateways',
    panels: [
      {
        title: 'Taken in',
        about:
          'Events and orders that Kafka has; "invalid" were refused, "provisional" are judged behind it.',
        unit: 'reqps',
        shape: 'lines',
        queries: [
          {
            expr: `sum by (verdict) (rate(adtally_gateway_events_total${RATE}))`,
            legend: 'events {{verdict}}',
          },
          {
            expr: `sum by (verdict) (rate(adtally_gateway_orders_total${RATE}))`,
            legend: 'orders {{verdict}}',
          },
        ],
      },
      {
        title: 'Time to the answer',
        about: 'Of 99 in 100 requests.',
        unit: 's',
        shape: 'lines',
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (le, route) (rate(adtally_http_request_seconds_bucket${RATE})))`,
            legend: '{{route}}',
          },
        ],
      },
      {
        title: 'Kafka does not take in',
        about: 'Groups of messages that it did not acknowledge: senders are told to come again.',
        unit: 'short',
        shape: 'lines',
        queries: [
          {
            expr: `sum by (instance) (increase(adtally_kafka_failures_total${RATE}))`,
            legend: '{{instance}}',
          },
          { expr: '1 - adtally_kafka_ready', legend: 'not ready {{instance}}' },
        ],
      },
      {
        title: 'Memory of requests',
        about: 'What has been taken in and not answered yet.',
        unit: 'bytes',
        shape: 'lines',
        queries: [
          { expr: 'adtally_pending_bytes', legend: 'pending {{instance}}' },
          { expr: 'adtally_receiving_bytes', legend: 'receiving {{instance}}' },
        ],
      },
    ],
  },
  {
    title: 'Jobs',
    panels: [
      {
        title: 'Jobs that do not run',
        about: 'As many as Flink should run and does not.',
        unit: 'short',
        shape: 'number',
        queries: [{ expr: 'count(adtally_cluster_job_running == 0) or vector(0)', legend: 'do not run' }],
        alarmFrom: 1,
      },
      {
        title: 'Age of the newest checkpoint',
        about: 'Nothing of what came after it is committed.',
        unit: 's',
        shape: 'lines',
        queries: [{ expr: 'adtally_cluster_job_checkpoint_age_seconds', legend: '{{job}}' }],
      },
      {
        title: 'Checkpoints',
        about: 'Of the run of each job; the failed ones below 0.',
        unit: 'short',
        shape: 'lines',
        queries: [
          { expr: `delta(adtally_cluster_job_checkpoints_completed${RATE})`, legend: '{{job}}' },
          { expr: `-delta(adtally_cluster_job_checkpoints_failed${RATE})`, legend: '{{job}} failed' },
        ],
      },
      {
        title: 'Commits',
        about: 'Transactions that wait to be committed, and those given up as lost.',
        unit: 'short',
        shape: 'lines',
        queries: [
          { expr: 'adtally_cluster_job_commits_pending', legend: '{{job}} {{sink}} pending' },
          { expr: 'adtally_cluster_job_commits_failed', legend: '{{job}} {{sink}} lost' },
        ],
      },
    ],
  },
  {
    title: 'Lags and servers',
    panels: [
      {
        title: 'Messages to read',
        about: 'How far each job is behind what has come in.',
        unit: 'short',
        shape: 'lines',
        queries: [{ expr: 'adtally_cluster_job_lag_messages', legend: '{{job}}' }],
      },
      {
        title: 'Messages in open transactions',
        about: 'Behind the last stable offset: nobody reads them yet.',
        unit: 'short',
        shape: 'lines',
        queries: [{ expr: 'adtally_cluster_topic_unstable_messages', legend: '{{topic}}' }],
      },
      {
        title: 'Servers',
        about: '1 while a server of a local cluster answers.',
        unit: 'short',
        shape: 'lines',
        queries: [{ expr: 'adtally_cluster_server_up', legend: '{{server}}' }],
      },
      {
        title: 'Started again',
        about: 'How often watch has started a server or a job again.',
        unit: 'short',
        shape: 'lines',
        queries: [{ expr: 'adtally_cluster_restarts', legend: '{{name}}' }],
      },
    ],
  },
];
