import type { ClusterAddresses } from '../../src/cluster/addresses.ts';
import { renderAggregation } from '../../src/cluster/render/aggregation.ts';
import type { PipelineSpec } from '../../src/pipeline/settings.ts';

/** A job that reads all there is and ends. */
export interface BoundedJob {
  readonly settings: Readonly<Record<string, string>>;
  readonly statements: readonly string[];
}

/** What both jobs run with: the best that was found for throughput on two cores. */
export const CHECKPOINT_INTERVAL_MS = 10_000;
export const LEAN_TOPIC = 'lean.totals';

const FROM_BEGIN = `'scan.startup.mode' = 'earliest-offset'`;
const TO_END = `${FROM_BEGIN},\n  'scan.bounded.mode' = 'latest-offset'`;

/** The job that runs on a cluster, but that it ends where the topic ends now. */
export function contractJob(
  spec: PipelineSpec,
  addresses: ClusterAddresses,
  parallelism: number,
): BoundedJob {
  const options = { checkpointIntervalMs: CHECKPOINT_INTERVAL_MS, parallelism };
  const { settings, statements } = renderAggregation({ spec, region: 'a', addresses, options });
  return { settings, statements: statements.map((statement) => statement.replaceAll(FROM_BEGIN, TO_END)) };
}

/**
 * The least that counts: the first of each id, added to its ad and minute. No verdicts, no quarantine, no conflicts, no clean
 * events, no age, no record ids; so nothing could be audited, attributed or sent to another region.
 */
export function leanJob(spec: PipelineSpec, addresses: ClusterAddresses, parallelism: number): BoundedJob {
  const { settings } = contractJob(spec, addresses, parallelism);
  const kafka = `'properties.bootstrap.servers' = '${addresses.regions['a'].kafka}'`;
  const source = `CREATE TEMPORARY TABLE events (
  eventId STRING, eventType STRING, eventTime BIGINT, adId STRING, costMicros BIGINT, readAt AS PROCTIME()
) WITH (
  'connector' = 'kafka', 'topic' = 'a.events', ${kafka}, 'properties.group.id' = 'lean',
  ${TO_END},
  'format' = 'json', 'json.ignore-parse-errors' = 'true'
)`;
  const sink = `CREATE TEMPORARY TABLE totals (
  cell STRING, impressions BIGINT, clicks BIGINT, costMicros BIGINT, PRIMARY KEY (cell) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka', 'topic' = '${LEAN_TOPIC}', ${kafka},
  'key.format' = 'raw', 'value.format' = 'json', 'value.fields-include' = 'EXCEPT_KEY',
  'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = 'lean',
  'sink.transaction-naming-strategy' = 'POOLING', 'properties.transaction.timeout.ms' = '900000'
)`;
  const insert = `INSERT INTO totals
SELECT cell, SUM(CASE WHEN eventType = 'impression' THEN 1 ELSE 0 END),
  SUM(CASE WHEN eventType = 'click' THEN 1 ELSE 0 END), SUM(costMicros)
FROM (
  SELECT adId || '|' || CAST(eventTime - MOD(eventTime, 60000) AS STRING) AS cell, eventType, costMicros
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY eventId ORDER BY readAt) AS n FROM events)
  WHERE n = 1
)
GROUP BY cell`;
  return { settings, statements: [source, sink, insert] };
}
