import { SECOND_MS, MINUTE_MS } from '../../base/units.ts';
import type { EventField } from '../../model/ad-event.ts';
import type { OrderField } from '../../model/order.ts';
import { name, text, whole } from './sql-text.ts';

const EVENT_TYPES = {
  eventId: 'STRING',
  eventType: 'STRING',
  eventTime: 'BIGINT',
  adId: 'STRING',
  campaignId: 'STRING',
  advertiserId: 'STRING',
  userId: 'STRING',
  merchantId: 'STRING',
  placement: 'STRING',
  costMicros: 'BIGINT',
  currency: 'STRING',
} as const satisfies Record<EventField, string>;

const ORDER_TYPES = {
  orderId: 'STRING',
  orderVersion: 'BIGINT',
  orderStatus: 'STRING',
  orderTime: 'BIGINT',
  userId: 'STRING',
  merchantId: 'STRING',
  amountMicros: 'BIGINT',
  currency: 'STRING',
} as const satisfies Record<OrderField, string>;

/** A record, as far as it does not hang on the order service. */
const ATTRIBUTED_ORDER = {
  recordId: 'STRING',
  revision: 'BIGINT',
  region: 'STRING',
  orderId: 'STRING',
  orderVersion: 'BIGINT',
  orderStatus: 'STRING',
  orderTime: 'BIGINT',
  userId: 'STRING',
  merchantId: 'STRING',
  amountMicros: 'BIGINT',
  currency: 'STRING',
  model: 'STRING',
  rank: 'INT',
  outcome: 'STRING',
  reason: 'STRING',
  creditMicros: 'BIGINT',
  adId: 'STRING',
  campaignId: 'STRING',
  advertiserId: 'STRING',
  touchEventId: 'STRING',
  touchType: 'STRING',
  touchTime: 'BIGINT',
  touchRegion: 'STRING',
} as const;

/** The fields of the messages of each topic, with their SQL types: the one place that knows them. */
export const TOPIC_FIELDS = {
  events: {
    ...EVENT_TYPES,
    code: 'STRING',
    message: 'STRING',
  },
  orders: {
    ...ORDER_TYPES,
    code: 'STRING',
    message: 'STRING',
  },
  clean: {
    ...EVENT_TYPES,
    region: 'STRING',
    sign: 'INT',
  },
  /** The event's id is the key, and no field. */
  quarantine: {
    eventId: 'STRING',
    region: 'STRING',
    arrival: 'BIGINT',
    verdict: 'STRING',
    code: 'STRING',
    message: 'STRING',
    raw: 'STRING',
    rawBase64: 'BYTES',
  },
  /** `book`, the JSON of region, kind, minute, verdict and code, is the key, and no field. */
  verdicts: {
    book: 'STRING',
    region: 'STRING',
    kind: 'STRING',
    minute: 'BIGINT',
    verdict: 'STRING',
    code: 'STRING',
    count: 'BIGINT',
  },
  adMinutes: {
    recordId: 'STRING',
    revision: 'BIGINT',
    region: 'STRING',
    adId: 'STRING',
    campaignId: 'STRING',
    advertiserId: 'STRING',
    minute: 'BIGINT',
    currency: 'STRING',
    impressions: 'BIGINT',
    clicks: 'BIGINT',
    costMicros: 'BIGINT',
  },
  attributedOrders: ATTRIBUTED_ORDER,
  /** `enrichment` is JSON as a text: no column of Flink's holds an object of any shape. */
  enrichedOrders: { ...ATTRIBUTED_ORDER, enrichment: 'STRING', enrichmentStatus: 'STRING' },
  /** What is known of an order, and its touches, the best first: `clicks` of them clicks, `found` in all; what follows are none. */
  decisions: {
    recordId: 'STRING',
    revision: 'BIGINT',
    orderId: 'STRING',
    orderVersion: 'BIGINT',
    orderStatus: 'STRING',
    orderTime: 'BIGINT',
    userId: 'STRING',
    merchantId: 'STRING',
    amountMicros: 'BIGINT',
    currency: 'STRING',
    isOwn: 'BOOLEAN',
    reason: 'STRING',
    clicks: 'INT',
    found: 'INT',
    touches: 'ARRAY<STRING>',
    enrichment: 'STRING',
    enrichmentStatus: 'STRING',
  },
  /** Answers of the order service; in these messages `enrichment` is the object. */
  enrichments: {
    orderId: 'STRING',
    orderVersion: 'BIGINT',
    status: 'STRING',
    enrichment: 'STRING',
  },
} as const;

export type TopicKind = keyof typeof TOPIC_FIELDS;

export function fieldsOf(kind: TopicKind): string[] {
  return Object.keys(TOPIC_FIELDS[kind]);
}

/** A transaction that is not committed within this time is lost: far above a checkpoint and the longest restart, ms. */
const TRANSACTION_TIMEOUT_MS = 15 * MINUTE_MS;

/** What the tables of a job share. */
export interface JobKafka {
  /** The job, `adtally-REGION-KIND`: consumer group, and beginning of the transactional ids. */
  readonly job: string;
  /** `host:port`. */
  readonly kafka: string;
}

/** A table that reads topics, only what is committed; `extra` are columns of the message's metadata. */
export function sourceTable(
  { job, kafka }: JobKafka,
  table: string,
  kind: TopicKind,
  topics: readonly string[],
  extra: readonly string[] = [],
): string {
  return createTable(table, [...columns(kind), ...extra], {
    connector: 'kafka',
    topic: topics.join(';'),
    'properties.bootstrap.servers': kafka,
    'properties.group.id': job,
    'properties.isolation.level': 'read_committed',
    'scan.startup.mode': 'earliest-offset',
    'scan.topic-partition-discovery.interval': `${whole(30 * SECOND_MS)} ms`,
    format: 'json',
    // What no gateway wrote must not stop the job; the audit misses it among the verdicts.
    'json.ignore-parse-errors': 'true',
  });
}

/** A table that writes messages, each once, with `key` as their key; with `isKeyOnly` the key is no field of them. */
export function sinkTable(
  { job, kafka }: JobKafka,
  table: string,
  kind: TopicKind,
  topic: string,
  { key, isKeyOnly = false }: { key: string; isKeyOnly?: boolean },
): string {
  return createTable(table, columns(kind), {
    connector: 'kafka',
    topic,
    'properties.bootstrap.servers': kafka,
    'key.format': 'raw',
    'key.fields': key,
    'value.format': 'json',
    'value.json.encode.ignore-null-fields': 'true',
    'value.fields-include': isKeyOnly ? 'EXCEPT_KEY' : 'ALL',
    ...onceOnly(`${job}-${table}`),
  });
}

/** Most keys whose latest content waits to be written. */
const FLUSH_ROWS_MAX = 1000;

/** A table that writes the latest content of each key; with `flushMs` only the latest one of so long. */
export function upsertTable(
  { job, kafka }: JobKafka,
  table: string,
  kind: TopicKind,
  topic: string,
  { key, isKeyOnly = false, flushMs }: { key: string; isKeyOnly?: boolean; flushMs?: number },
): string {
  const flush =
    flushMs === undefined
      ? {}
      : {
          'sink.buffer-flush.max-rows': whole(FLUSH_ROWS_MAX),
          'sink.buffer-flush.interval': `${whole(flushMs)} ms`,
        };
  const primaryKey = `PRIMARY KEY (${name(key)}) NOT ENFORCED`;
  return createTable(table, [...columns(kind), primaryKey], {
    connector: 'upsert-kafka',
    topic,
    'properties.bootstrap.servers': kafka,
    'key.format': 'raw',
    'value.format': 'json',
    'value.fields-include': isKeyOnly ? 'EXCEPT_KEY' : 'ALL',
    ...flush,
    ...onceOnly(`${job}-${table}`),
  });
}

/** The prefix must be no other sink's, and the same after a restart: by it what a dead job left open is ended. */
function onceOnly(prefix: string): Record<string, string> {
  return {
    'sink.delivery-guarantee': 'exactly-once',
    'sink.transactional-id-prefix': prefix,
    'sink.transaction-naming-strategy': 'POOLING',
    'properties.transaction.timeout.ms': whole(TRANSACTION_TIMEOUT_MS),
  };
}

function columns(kind: TopicKind): string[] {
  return Object.entries(TOPIC_FIELDS[kind]).map(([field, type]) => `${name(field)} ${type}`);
}

/** `partitions`: columns whose values are folders. */
export function createTable(
  table: string,
  lines: readonly string[],
  options: Readonly<Record<string, string>>,
  partitions: readonly string[] = [],
): string {
  const partitioned = partitions.length === 0 ? '' : ` PARTITIONED BY (${partitions.map(name).join(', ')})`;
  const settings = Object.entries(options).map(([key, value]) => `${text(key)} = ${text(value)}`);
  return `CREATE TEMPORARY TABLE ${name(table)} (\n  ${lines.join(',\n  ')}\n)${partitioned} WITH (\n  ${settings.join(',\n  ')}\n)`;
}

/** Column of a message's time, besides its fields. */
export const ARRIVED_AT = "`arrivedAt` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL";

/** The time of a message, Unix ms: when the gateway took it in. */
export const ARRIVAL = 'EXTRACT(EPOCH FROM `arrivedAt`) * 1000 + EXTRACT(MILLISECOND FROM `arrivedAt`)';
