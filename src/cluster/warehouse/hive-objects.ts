import { AdtallyError } from '../../base/errors.ts';
import { sha256Hex } from '../../base/checksum.ts';
import { TABLES, type WarehouseTable } from '../../warehouse/table.ts';
import { createTable, renderViews } from '../../warehouse/view-sql.ts';

/** Named as the database of `adtally sql` is, so that one query suits both. */
export const HIVE_DATABASE = 'warehouse';
/** The property of a table or view that says which version of its definition it has. */
export const DIGEST_PROPERTY = 'adtally.digest';

const PREFIX = `${HIVE_DATABASE}.`;
const FILES = TABLES as unknown as readonly WarehouseTable[];

/** A table or a view that Hive is to have. */
export interface HiveObject {
  readonly kind: 'table' | 'view';
  /** "warehouse.ad_hours". */
  readonly name: string;
  /** 16 hex digits: another definition has others. */
  readonly digest: string;
  /** Statements that make it, whether there is one of that name or not. The files of a table stay. */
  readonly statements: readonly string[];
}

/** The statement that makes the database, if there is none. */
export const CREATE_DATABASE = `CREATE DATABASE IF NOT EXISTS ${HIVE_DATABASE}`;

/** Statements after which Hive sees the days that have come, and none that are gone. */
export const REFRESH = FILES.map((table) => `MSCK REPAIR TABLE ${filesOf(table)} SYNC PARTITIONS`);

/**
 * External tables over the folders below `warehouse`, a URI, and the views over them that the embedded warehouse has, in the order in
 * which they can be made. Throws AdtallyError config_invalid.
 */
export function hiveObjects(warehouse: string): readonly HiveObject[] {
  const folder = checkedUri(warehouse).replace(/\/$/, '');
  const tables = FILES.map((table) => {
    const name = filesOf(table);
    const create = createTable('hive', table, name, `${folder}/${table.name}`);
    const digest = digestOf(create);
    const statements = [`DROP TABLE IF EXISTS ${name}`, `${create}\n${properties(digest)}`];
    return { kind: 'table', name, digest, statements } as const;
  });
  const views = renderViews('hive', PREFIX, filesOf).map(({ name, query }) => {
    const digest = digestOf(query);
    const statements = [`CREATE OR REPLACE VIEW ${name}\n${properties(digest)}\nAS\n${query}`];
    return { kind: 'view', name, digest, statements } as const;
  });
  return [...tables, ...views];
}

function filesOf({ name }: WarehouseTable): string {
  return `${PREFIX}${name}_files`;
}

function digestOf(definition: string): string {
  return sha256Hex(definition).slice(0, 16);
}

function properties(digest: string): string {
  return `TBLPROPERTIES ('${DIGEST_PROPERTY}' = '${digest}')`;
}

/** A URI holds neither spaces nor control characters; whatever else it holds is quoted. */
function checkedUri(uri: string): string {
  if (/^[!-~]+$/.test(uri)) return uri;
  throw new AdtallyError('config_invalid', `The warehouse is at ${JSON.stringify(uri)}, which is no URI.`);
}
