import { AdtallyError } from '../../base/errors.ts';
import { DAY_MS } from '../../base/units.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { RecordKind } from '../../union-load/ports.ts';
import { PINOT_COLUMNS, type PinotColumn } from './pinot-columns.ts';

/** How a version of Pinot wants its configuration: 0.11.0, or from 1.4 on. */
export const PINOT_DIALECTS = ['0.11', '1.x'] as const;
export type PinotDialect = (typeof PINOT_DIALECTS)[number];

export interface PinotTableOptions {
  readonly region: string;
  /** Kafka of the region, as Pinot reaches it: `host:port`, several with commas. */
  readonly kafka: string;
  readonly dialect: PinotDialect;
  /** Copies of every segment. */
  readonly replication: number;
  /** A segment is closed after so many rows; by its size when it is not given. */
  readonly segmentRows?: number;
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
export type JsonObject = Readonly<Record<string, JsonValue>>;

/** A table of Pinot: its schema and its configuration, as the controller takes them. */
export interface PinotTable {
  readonly name: string;
  readonly schema: JsonObject;
  readonly config: JsonObject;
}

const TABLES = [
  {
    kind: 'ad-minutes',
    name: 'ad_minutes',
    time: 'minute',
    indexed: ['ad_id', 'campaign_id', 'advertiser_id'],
  },
  {
    kind: 'attributed-orders',
    name: 'attributed_orders',
    time: 'order_time',
    indexed: ['model', 'ad_id', 'campaign_id', 'advertiser_id'],
  },
] as const satisfies readonly { kind: RecordKind; name: string; time: string; indexed: readonly string[] }[];
type TableOf = (typeof TABLES)[number];

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** Pinot fills in `${…}` from its environment, so a text that goes into its configuration must not be free. */
const BROKERS = /^[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*$/;

/**
 * The tables of the region: the latest revision of each record of both regions, from the region's load topics. Throws
 * AdtallyError config_invalid.
 */
export function pinotTables(spec: PipelineSpec, options: PinotTableOptions): readonly PinotTable[] {
  const { region, kafka } = options;
  if (!NAME.test(region) || !spec.regions.includes(region)) {
    throw new AdtallyError('config_invalid', `"${region}" is not one of regions.`);
  }
  if (!BROKERS.test(kafka)) {
    throw new AdtallyError('config_invalid', `Kafka of ${region} is at "${kafka}": write host:port.`);
  }
  return TABLES.map((table) => ({
    name: table.name,
    schema: schemaOf(table),
    config: configOf(table, spec, options),
  }));
}

function schemaOf({ kind, name, time }: TableOf): JsonObject {
  const columns: readonly PinotColumn[] = PINOT_COLUMNS[kind];
  const specs = (role: PinotColumn['role']): JsonObject[] =>
    columns.filter((column) => column.role === role).map((column) => fieldOf(column));
  return {
    schemaName: name,
    primaryKeyColumns: ['record_id'],
    dimensionFieldSpecs: specs('dimension'),
    metricFieldSpecs: specs('metric'),
    dateTimeFieldSpecs: [
      { name: time, dataType: 'LONG', format: '1:MILLISECONDS:EPOCH', granularity: '1:MILLISECONDS' },
    ],
  };
}

function fieldOf({ name, type, maxLength, whenNull }: PinotColumn): JsonObject {
  return {
    name,
    dataType: type,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(whenNull === undefined ? {} : { defaultNullValue: whenNull }),
  };
}

function configOf(table: TableOf, spec: PipelineSpec, options: PinotTableOptions): JsonObject {
  const { dialect, replication } = options;
  const { name, kind, time, indexed } = table;
  const columns: readonly PinotColumn[] = PINOT_COLUMNS[kind];
  const streams = streamOf(table, options);
  const copies = String(replication);
  const isOld = dialect === '0.11';
  const renamed = columns.filter((column) => column.field !== column.name);
  return {
    tableName: name,
    tableType: 'REALTIME',
    segmentsConfig: {
      ...(isOld ? { schemaName: name, replicasPerPartition: copies } : {}),
      timeColumnName: time,
      replication: copies,
      retentionTimeUnit: 'DAYS',
      retentionTimeValue: String(retentionDays(spec)),
    },
    tenants: {},
    tableIndexConfig: {
      loadMode: 'MMAP',
      nullHandlingEnabled: false,
      noDictionaryColumns: columns.filter((column) => column.isRaw).map((column) => column.name),
      invertedIndexColumns: indexed,
      rangeIndexColumns: [time],
      ...(isOld ? { streamConfigs: streams } : {}),
    },
    // No sorted column: rows keep the order they came in, so of two with one revision the later one still wins.
    ingestionConfig: {
      ...(isOld ? {} : { streamIngestionConfig: { streamConfigMaps: [streams] } }),
      transformConfigs: renamed.map((column) => ({
        columnName: column.name,
        transformFunction: column.field,
      })),
    },
    routing: { instanceSelectorType: 'strictReplicaGroup' },
    upsertConfig: upsertOf(dialect),
    metadata: {},
  };
}

/** Never with `metadataTTL`: a key that is forgotten comes back as a second row when its record changes late. */
function upsertOf(dialect: PinotDialect): JsonObject {
  // MURMUR3 keeps 16 bytes of a key in memory instead of its text.
  if (dialect === '0.11') return { mode: 'FULL', hashFunction: 'MURMUR3', comparisonColumn: 'revision' };
  return {
    mode: 'FULL',
    hashFunction: 'UUID',
    comparisonColumns: ['revision'],
    consistencyMode: 'SYNC',
    snapshot: 'ENABLE',
  };
}

function streamOf({ kind }: TableOf, { region, kafka, dialect, segmentRows }: PinotTableOptions): JsonObject {
  const isOld = dialect === '0.11';
  const size =
    segmentRows === undefined
      ? {
          'realtime.segment.flush.threshold.rows': '0',
          'realtime.segment.flush.threshold.segment.size': '200M',
        }
      : { 'realtime.segment.flush.threshold.rows': String(segmentRows) };
  return {
    streamType: 'kafka',
    'stream.kafka.topic.name': `${region}.load.${kind}`,
    'stream.kafka.broker.list': kafka,
    ...(isOld ? { 'stream.kafka.consumer.type': 'lowlevel' } : {}),
    'stream.kafka.consumer.factory.class.name': `org.apache.pinot.plugin.stream.${isOld ? 'kafka20' : 'kafka30'}.KafkaConsumerFactory`,
    'stream.kafka.decoder.class.name': isOld
      ? 'org.apache.pinot.plugin.stream.kafka.KafkaJSONMessageDecoder'
      : 'org.apache.pinot.plugin.inputformat.json.JSONMessageDecoder',
    'stream.kafka.consumer.prop.auto.offset.reset': 'smallest',
    'stream.kafka.isolation.level': 'read_committed',
    'stream.kafka.fetch.timeout.millis': '1000',
    // Much shorter than a topic is kept: a server that starts again reads an open segment from its beginning.
    'realtime.segment.flush.threshold.time': '6h',
    ...size,
  };
}

/** Segments are dropped whole, a day after the last of their records may be asked for, at the earliest. */
export function retentionDays({ retention }: Pick<PipelineSpec, 'retention'>): number {
  return Math.ceil(Math.max(retention.records, retention.orders) / DAY_MS) + 1;
}

/** What the controller is sent, to be read and compared. */
export function pinotTablesText(tables: readonly PinotTable[]): string {
  return `${JSON.stringify(tables, null, 2)}\n`;
}
