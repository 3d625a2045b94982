import { DAY_MS, HOUR_MS } from '../base/units.ts';
import { AD_MINUTES, TABLES, type ColumnType, type WarehouseTable } from './table.ts';

/** The SQL engines that views are rendered for. */
export const DIALECTS = ['duckdb', 'hive', 'spark', 'trino'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** What differs from engine to engine. All times are UTC, whatever the session's time zone. */
interface Words {
  readonly types: Record<ColumnType, string>;
  readonly timestamp: (milliseconds: string) => string;
  /** A sum of 64-bit numbers that cannot run over. */
  readonly sum: (column: string) => string;
  readonly createView: (name: string) => string;
  readonly text: (value: string) => string;
}

const replaceView = (name: string): string => `CREATE OR REPLACE VIEW ${name} AS`;
const doubledQuotes = (value: string): string => `'${value.replaceAll("'", "''")}'`;
/** Where a backslash escapes; a dollar written as itself would begin a variable in Hive. */
const escapedText = (value: string): string =>
  `'${value.replaceAll(/['\\]/g, String.raw`\$&`).replaceAll('$', String.raw`\u0024`)}'`;
const decimalSum = (column: string): string => `SUM(CAST(${column} AS DECIMAL(38, 0)))`;

const WORDS: Record<Dialect, Words> = {
  duckdb: {
    types: { string: 'VARCHAR', bigint: 'BIGINT' },
    timestamp: (ms) => `make_timestamp(${ms} * 1000)`,
    sum: (column) => `SUM(${column})`,
    createView: replaceView,
    text: doubledQuotes,
  },
  hive: {
    types: { string: 'STRING', bigint: 'BIGINT' },
    // Hive 4 refuses to cast numbers to times; this one takes milliseconds, and no time zone of a session.
    timestamp: (ms) => `from_utc_timestamp(${ms}, 'UTC')`,
    sum: decimalSum,
    createView: replaceView,
    text: escapedText,
  },
  spark: {
    types: { string: 'STRING', bigint: 'BIGINT' },
    timestamp: (ms) => `timestamp_millis(${ms})`,
    sum: decimalSum,
    createView: replaceView,
    text: escapedText,
  },
  trino: {
    types: { string: 'VARCHAR', bigint: 'BIGINT' },
    timestamp: (ms) => `CAST(from_unixtime(${ms} / 1e3, 'UTC') AS TIMESTAMP(3))`,
    sum: decimalSum,
    createView: replaceView,
    text: doubledQuotes,
  },
};

/** A view of the warehouse: its name and the query behind it. */
export interface View {
  readonly name: string;
  readonly about: string;
  readonly query: string;
}

/** The lengths ad minutes are rolled up to. 6 h and days begin at midnight UTC. */
const ROLL_UPS = [
  { name: 'ad_hours', words: 'hours', lengthMs: HOUR_MS },
  { name: 'ad_6h', words: '6 hours', lengthMs: 6 * HOUR_MS },
  { name: 'ad_days', words: 'UTC days', lengthMs: DAY_MS },
] as const;

/**
 * The views over the tables of the warehouse, in the order in which they can be created. `rowsOf` says where the rows of a
 * table are: the name of an external table, or a call that reads its files; `prefix` stands before each view ("warehouse.").
 */
export function renderViews(
  dialect: Dialect,
  prefix: string,
  rowsOf: (table: WarehouseTable) => string,
): View[] {
  const latest = TABLES.map((table) => ({
    name: `${prefix}${table.name}`,
    about: `${table.name}: the latest revision of each record`,
    query: latestQuery(
      dialect,
      table as unknown as WarehouseTable,
      rowsOf(table as unknown as WarehouseTable),
    ),
  }));
  const rollUps = ROLL_UPS.map(({ name, words, lengthMs }) => ({
    name: `${prefix}${name}`,
    about: `ad minutes of all regions in ${words}`,
    query: rollUpQuery(dialect, `${prefix}${AD_MINUTES.name}`, lengthMs),
  }));
  return [...latest, ...rollUps];
}

/** The statement that creates a view, or replaces it. */
export function createView(dialect: Dialect, { name, query }: View): string {
  return `${WORDS[dialect].createView(name)}\n${query}`;
}

/** The statement that tells an engine where a table's files are: Hive and Spark alike, Trino in its own words. */
export function createTable(
  dialect: Exclude<Dialect, 'duckdb'>,
  table: WarehouseTable,
  name: string,
  location: string,
): string {
  const { types, text } = WORDS[dialect];
  const columns = table.columns.map((column) => `  ${column.name} ${types[column.type]}`);
  if (dialect === 'trino') {
    const all = [...columns, '  dt DATE'].join(',\n');
    return `CREATE TABLE ${name} (\n${all}\n)\nWITH (format = 'PARQUET', partitioned_by = ARRAY['dt'], external_location = ${text(location)})`;
  }
  const store = `PARTITIONED BY (dt DATE)\nSTORED AS PARQUET\nLOCATION ${text(location)}`;
  return `CREATE EXTERNAL TABLE ${name} (\n${columns.join(',\n')}\n)\n${store}`;
}

function latestQuery(dialect: Dialect, table: WarehouseTable, rows: string): string {
  const words = WORDS[dialect];
  const columns = table.columns.map(({ name }) => name);
  const times = table.timestamps.map(({ name, from }) => `${words.timestamp(from)} AS ${name}`);
  const record = table.staysInDay ? 'dt, record_id' : 'record_id';
  return [
    `SELECT ${[...columns, ...times, 'dt'].join(', ')}`,
    `FROM (`,
    `  SELECT ${[...columns, 'dt'].join(', ')},`,
    `    ROW_NUMBER() OVER (PARTITION BY ${record} ORDER BY revision DESC) AS place`,
    `  FROM ${rows}`,
    `) versions`,
    `WHERE place = 1`,
  ].join('\n');
}

function rollUpQuery(dialect: Dialect, minutes: string, lengthMs: number): string {
  const { timestamp, sum } = WORDS[dialect];
  const startMs = `minute_ms - minute_ms % ${lengthMs}`;
  const who = 'ad_id, campaign_id, advertiser_id, currency';
  return [
    `SELECT ${timestamp(`(${startMs})`)} AS start_time, ${who},`,
    `  ${sum('impressions')} AS impressions, ${sum('clicks')} AS clicks, ${sum('cost_micros')} AS cost_micros,`,
    `  dt`,
    `FROM ${minutes}`,
    `GROUP BY dt, ${startMs}, ${who}`,
  ].join('\n');
}

/** A query with the columns and types of the table's files, and no row: what stands for a table that has no file yet. */
export function emptyRows(table: WarehouseTable): string {
  const columns = table.columns.map(
    ({ name, type }) => `CAST(NULL AS ${WORDS.duckdb.types[type]}) AS ${name}`,
  );
  return `(SELECT ${columns.join(', ')}, CAST(NULL AS DATE) AS dt WHERE false)`;
}

/** Columns of a table in DuckDB, for CREATE TABLE. */
export function duckDbColumns(table: WarehouseTable): string {
  return table.columns.map(({ name, type }) => `${name} ${WORDS.duckdb.types[type]}`).join(', ');
}
