import { TABLES, type WarehouseTable } from '../../src/warehouse/table.ts';
import {
  createTable,
  createView,
  DIALECTS,
  renderViews,
  type Dialect,
} from '../../src/warehouse/view-sql.ts';
import { block, code, page, table } from './markdown.ts';

const files = ({ name }: WarehouseTable): string => `ads.${name}_files`;

const PLACE = 'DATA/warehouse';
const TITLES: Record<Dialect, string> = { duckdb: 'DuckDB', hive: 'Hive 4', spark: 'Spark', trino: 'Trino' };
/** How an engine comes to know the days that have been added. */
const NEW_DAYS: Record<Exclude<Dialect, 'duckdb'>, (name: string) => string> = {
  hive: (name) => `MSCK REPAIR TABLE ${name}`,
  spark: (name) => `MSCK REPAIR TABLE ${name}`,
  trino: (name) => `CALL system.sync_partition_metadata('ads', '${name.replace('ads.', '')}', 'ADD')`,
};

export function warehousePage(): string {
  const tables = TABLES as unknown as readonly WarehouseTable[];
  return page(
    'Warehouse',
    `How it works: [docs/warehouse.md](../warehouse.md). ${code('DATA')} is the data directory of a region. Rows of a table lie in ` +
      `${code(`${PLACE}/TABLE/dt=YYYY-MM-DD/*.parquet`)}; ${code('dt')} is a UTC day, of type DATE, and stands in no file.`,
    ...tables.flatMap(columnsOf),
    ...DIALECTS.flatMap((dialect) => [`## ${TITLES[dialect]}`, block('sql', statements(dialect, tables))]),
  );
}

function columnsOf({ name, columns }: WarehouseTable): string[] {
  const rows = columns.map((column) => [
    code(column.name),
    column.type === 'string' ? 'UTF-8 text' : 'whole number, 64 bits',
    column.about,
  ]);
  return [`## ${name}, its files`, table(['column', 'type', 'meaning'], rows)];
}

function statements(dialect: Dialect, tables: readonly WarehouseTable[]): string {
  const rowsOf =
    dialect === 'duckdb'
      ? ({ name }: WarehouseTable): string =>
          `read_parquet('${PLACE}/${name}/dt=*/*.parquet', hive_partitioning = true, hive_types = {'dt': DATE})`
      : files;
  const created =
    dialect === 'duckdb'
      ? []
      : tables.flatMap((one) => [
          createTable(dialect, one, files(one), `file:///${PLACE}/${one.name}`),
          NEW_DAYS[dialect](files(one)),
        ]);
  const views = renderViews(dialect, 'ads.', rowsOf).map((view) => createView(dialect, view));
  return ['CREATE SCHEMA IF NOT EXISTS ads', ...created, ...views]
    .map((statement) => `${statement};`)
    .join('\n\n');
}
