import type { RecordKind } from '../../union-load/ports.ts';

export type ColumnType = 'UUID' | 'VARCHAR' | 'BIGINT';

/** A column of a table of records, and the field that it holds. */
export interface RecordColumn {
  readonly name: string;
  readonly field: string;
  readonly type: ColumnType;
  readonly isNullable?: true;
}

/** A table that holds the latest revision of each record of one kind. */
export interface RecordTable {
  readonly name: string;
  /** Columns that all revisions of a record have in common: rows are found by them. */
  readonly key: readonly string[];
  readonly columns: readonly RecordColumn[];
}

const column = (name: string, type: ColumnType, more: { isNullable?: true } = {}): RecordColumn => ({
  name,
  field: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  type,
  ...more,
});
const OPTIONAL = { isNullable: true } as const;

/**
 * Without an index: an index of random ids costs more than the rows. A page is joined with the table instead. Ad minutes are
 * found by their minute as well, which every revision has in common, so that only the parts of the table that hold those minutes are
 * read. The time of an order may change with its version, so orders are found by their id alone.
 */
export const RECORD_TABLES: Readonly<Record<RecordKind, RecordTable>> = {
  'ad-minutes': {
    name: 'ad_minutes',
    key: ['minute', 'record_id'],
    columns: [
      column('record_id', 'UUID'),
      column('revision', 'BIGINT'),
      column('region', 'VARCHAR'),
      column('ad_id', 'VARCHAR'),
      column('campaign_id', 'VARCHAR'),
      column('advertiser_id', 'VARCHAR'),
      column('minute', 'BIGINT'),
      column('currency', 'VARCHAR'),
      column('impressions', 'BIGINT'),
      column('clicks', 'BIGINT'),
      column('cost_micros', 'BIGINT'),
    ],
  },
  'attributed-orders': {
    name: 'attributed_orders',
    key: ['record_id'],
    columns: [
      column('record_id', 'UUID'),
      column('revision', 'BIGINT'),
      column('region', 'VARCHAR'),
      column('order_id', 'VARCHAR'),
      column('order_version', 'BIGINT'),
      column('order_status', 'VARCHAR'),
      column('order_time', 'BIGINT'),
      column('user_id', 'VARCHAR'),
      column('merchant_id', 'VARCHAR'),
      column('amount_micros', 'BIGINT'),
      column('currency', 'VARCHAR'),
      column('model', 'VARCHAR'),
      column('rank', 'BIGINT'),
      column('outcome', 'VARCHAR'),
      column('reason', 'VARCHAR', OPTIONAL),
      column('credit_micros', 'BIGINT'),
      column('ad_id', 'VARCHAR', OPTIONAL),
      column('campaign_id', 'VARCHAR', OPTIONAL),
      column('advertiser_id', 'VARCHAR', OPTIONAL),
      column('touch_event_id', 'VARCHAR', OPTIONAL),
      column('touch_type', 'VARCHAR', OPTIONAL),
      column('touch_time', 'BIGINT', OPTIONAL),
      column('touch_region', 'VARCHAR', OPTIONAL),
      column('enrichment', 'VARCHAR', OPTIONAL),
      column('enrichment_status', 'VARCHAR', OPTIONAL),
    ],
  },
};

export function createTable({ name, columns }: RecordTable): string {
  const lines = columns.map((c) => `${c.name} ${c.type}${c.isNullable ? '' : ' NOT NULL'}`);
  return `CREATE TABLE ${name} (${lines.join(', ')})`;
}

/** A page waits there to be merged. An id is turned from its text by the database, which is quicker at it. */
export function createStaging(table: RecordTable): string {
  const lines = table.columns.map(({ name, type }) => `${name} ${type === 'UUID' ? 'VARCHAR' : type}`);
  return `CREATE TEMP TABLE ${stagingName(table)} (${lines.join(', ')})`;
}

export function stagingName({ name }: RecordTable): string {
  return `staged_${name}`;
}

/** Takes in the page that waits: of a record the highest revision stays, of two with the same one that which came later. */
export function mergeStaged(table: RecordTable): string {
  const { name, key, columns } = table;
  const names = columns.map((c) => c.name);
  const staged = columns.map((c) => (c.type === 'UUID' ? `${c.name}::UUID AS ${c.name}` : c.name));
  const changing = names.filter((n) => !key.includes(n));
  return [
    `MERGE INTO ${name} USING (SELECT ${staged.join(', ')} FROM ${stagingName(table)}) AS page`,
    `ON ${key.map((n) => `${name}.${n} = page.${n}`).join(' AND ')}`,
    `WHEN MATCHED AND page.revision >= ${name}.revision THEN UPDATE SET ${changing.map((n) => `${n} = page.${n}`).join(', ')}`,
    `WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map((n) => `page.${n}`).join(', ')})`,
  ].join('\n');
}
