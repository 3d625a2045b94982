import { StatementType, type DuckDBConnection, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { AdtallyError } from '../../base/errors.ts';

const FIRST_WORDS = /^(select|with|from|values|table|describe|desc|show|summarize|explain)$/i;
const EXPLAIN = /^explain(?:\s+analyze)?(?:\s*\([^)]*\))?\s+/i;
const COMMENTS = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;

/**
 * Functions that a query over the stores has no use for: those that read files or settings, that run SQL given as text, and those
 * whose one value can take more memory than a query may have, for memory limits do not see that.
 */
const REFUSED = new RegExp(
  `^(${[
    'read_\\w+|parquet_\\w+|\\w*_scan\\w*|sniff_csv|glob',
    'query|query_table|json_\\w*serialize\\w*|sql_auto_complete',
    'checkpoint|force_checkpoint|(enable|disable)_\\w+|write_log|truncate_duckdb_logs|duckdb_secrets|which_secret|getenv',
    'repeat|repeat_row|lpad|rpad|range|generate_series|(list|array)_resize|bar|bitstring|to_base|format|printf',
  ].join('|')})$`,
  'i',
);

/**
 * Lets through one statement that reads, and readies it. Throws AdtallyError bad_query for anything else, with the reason in DuckDB's words
 * where it has some.
 */
export async function readyQuery(
  connection: DuckDBConnection,
  sql: string,
): Promise<DuckDBPreparedStatement> {
  const text = sql.replace(COMMENTS, '');
  const [word = ''] = /^\(*\s*\w*/.exec(text) ?? [];
  const first = word.replace(/^[\s(]*/, '');
  if (!FIRST_WORDS.test(first)) {
    const begin = text === '' ? 'The query is empty' : `The query begins with "${first}"`;
    throw new AdtallyError(
      'bad_query',
      `${begin}; it must be a SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN.`,
    );
  }
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1)
    throw new AdtallyError('bad_query', `There are ${statements.count} statements; one is run at a time.`);
  await checkFunctions(connection, text.replace(EXPLAIN, ''));
  const prepared = await statements.prepare(0);
  const { statementType } = prepared;
  if (statementType === StatementType.SELECT || statementType === StatementType.EXPLAIN) return prepared;
  throw new AdtallyError(
    'bad_query',
    `A statement of the kind ${StatementType[statementType]} is not run here.`,
  );
}

/** Looks at the query as DuckDB understands it, not at its text. */
async function checkFunctions(connection: DuckDBConnection, query: string): Promise<void> {
  const result = await connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [query]);
  const tree = JSON.parse(result.getRows()[0][0] as string) as { error: boolean; error_message?: string };
  // What cannot be shown as a query does not only read: EXPLAIN of something else, PRAGMA.
  if (tree.error) throw new AdtallyError('bad_query', tree.error_message ?? 'Only queries are run here.');
  const refused = functionsOf(tree).find((name) => REFUSED.test(name));
  if (refused !== undefined)
    throw new AdtallyError('bad_query', `The function ${refused} may not be used here.`);
}

function functionsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, member]) =>
    name === 'function_name' && typeof member === 'string' ? [member] : functionsOf(member),
  );
}
