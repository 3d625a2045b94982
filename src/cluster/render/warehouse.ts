import { MINUTE_MS } from '../../base/units.ts';
import { TABLES, type WarehouseTable } from '../../warehouse/table.ts';
import { stateTtlMs } from '../cluster-plan.ts';
import { topicNamesOf } from '../topic-names.ts';
import {
  checkRegion,
  jobName,
  kafkaOf,
  renderedJob,
  type JobInput,
  type RenderedJob,
} from './rendered-job.ts';
import { ordersKind } from './orders/enrichment.ts';
import { insert, name, statementSet, text } from './sql-text.ts';
import { TOPIC_FIELDS, createTable, sourceTable, type TopicKind } from './topic-tables.ts';

/** A Parquet file ends with every checkpoint: at the other jobs' pace there would be one a second. */
const FILE_INTERVAL_MS = MINUTE_MS;

type Table = Pick<WarehouseTable, 'kind' | 'name' | 'staysInDay'> & {
  readonly columns: readonly { readonly name: string; readonly type: 'string' | 'bigint' }[];
};

const SOURCES = { 'ad-minutes': 'adMinutes', 'attributed-orders': 'attributedOrders' } as const;
/** The day of a row is that of this column. */
const TIMES = { 'ad-minutes': 'minute', 'attributed-orders': 'orderTime' } as const;

/** Records of all regions, each revision as it comes, into Parquet files in folders by day: what Hive and its views read. */
export function renderWarehouse(input: JobInput): RenderedJob {
  checkRegion(input);
  const { spec, region, addresses } = input;
  const kafka = { job: jobName(region, 'warehouse'), kafka: kafkaOf(input) };
  const directory = addresses.warehouse.replace(/\/$/, '');
  const kinds = { 'ad-minutes': 'adMinutes', 'attributed-orders': ordersKind(spec) } as const;
  const statements = [
    ...TABLES.flatMap((table: Table) => {
      const source = SOURCES[table.kind];
      const topics = spec.regions.map((one) => topicNamesOf(one)[source]);
      return [
        sourceTable(kafka, source, kinds[table.kind], topics),
        filesTable(table, `${directory}/${table.name}`),
      ];
    }),
    statementSet(TABLES.map((table: Table) => insert(table.name, select(table, kinds[table.kind])))),
  ];
  const slow = { ...input, options: { ...input.options, checkpointIntervalMs: FILE_INTERVAL_MS } };
  return renderedJob(slow, 'warehouse', stateTtlMs(spec, 0), statements);
}

function filesTable(table: Table, path: string): string {
  const columns = table.columns.map((column) => `${name(column.name)} ${column.type.toUpperCase()}`);
  const options = {
    connector: 'filesystem',
    path,
    format: 'parquet',
    'sink.partition-commit.trigger': 'process-time',
    'sink.partition-commit.delay': '0 s',
    'sink.partition-commit.policy.kind': 'success-file',
  };
  return createTable(table.name, [...columns, '`dt` STRING'], options, ['dt']);
}

function select({ kind, columns }: Table, messages: TopicKind): string {
  const source = SOURCES[kind];
  const values = columns.map((column) => {
    const field = fieldOf(column.name);
    // What the messages do not say: nobody is asked for it.
    if (!Object.hasOwn(TOPIC_FIELDS[messages], field)) return `CAST(NULL AS ${column.type.toUpperCase()})`;
    return column.type === 'bigint' ? `CAST(${name(field)} AS BIGINT)` : name(field);
  });
  const day = `DATE_FORMAT(TO_TIMESTAMP_LTZ(${name(TIMES[kind])}, 3), ${text('yyyy-MM-dd')})`;
  return `SELECT ${values.join(', ')}, ${day} FROM ${name(source)} WHERE \`recordId\` IS NOT NULL AND \`revision\` IS NOT NULL`;
}

/** `minute_ms` → `minute`, `ad_id` → `adId`. */
function fieldOf(column: string): string {
  return column.replace(/_ms$/, '').replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
