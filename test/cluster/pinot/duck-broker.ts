import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { PINOT_COLUMNS } from '../../../src/cluster/render/pinot-columns.ts';
import type { PinotAnswer, PinotBroker, PinotCell } from '../../../src/cluster/pinot/ports.ts';
import type { RecordKind } from '../../../src/union-load/ports.ts';
import type { NaiveStore } from '../../adapters/reporting-store/record-world.ts';

const TABLES = { 'ad-minutes': 'ad_minutes', 'attributed-orders': 'attributed_orders' } as const;

/** A broker that runs Pinot’s SQL on another engine, over the latest revision of each record. */
export class DuckBroker implements PinotBroker {
  readonly #connection: DuckDBConnection;
  readonly statements: string[] = [];

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  static async of(naive: NaiveStore): Promise<DuckBroker> {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run('CREATE MACRO sumprecision(x) AS sum(x)::VARCHAR');
    await connection.run('CREATE MACRO distinctcount(x) AS count(DISTINCT x)::INTEGER');
    await fill(connection, 'ad-minutes', naive.minutes.values());
    await fill(connection, 'attributed-orders', naive.orders.values());
    return new DuckBroker(connection);
  }

  async query(sql: string): Promise<PinotAnswer> {
    this.statements.push(sql);
    const result = await this.#connection.runAndReadAll(inDuck(sql));
    const rows = result.getRows().map((row) => row.map((cell) => cell as PinotCell));
    return { rows, totalDocs: rows.length, openSegments: 2, ms: 0 };
  }
}

/** Everything is the same there but texts with codes in them. */
function inDuck(sql: string): string {
  return sql.replace(/U&'([^']*)'/g, (_, text: string) => {
    const units = text.replace(/\\([0-9a-f]{4})/g, (_code, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return `'${units.replaceAll("'", "''")}'`;
  });
}

async function fill(
  connection: DuckDBConnection,
  kind: RecordKind,
  records: Iterable<object>,
): Promise<void> {
  const columns = PINOT_COLUMNS[kind];
  const lines = columns.map(({ name, type }) => `"${name}" ${type === 'LONG' ? 'BIGINT' : 'VARCHAR'}`);
  await connection.run(`CREATE TABLE ${TABLES[kind]} (${lines.join(', ')})`);
  const appender = await connection.createAppender(TABLES[kind]);
  for (const record of records) {
    for (const { field, type, whenNull } of columns) {
      const value = (record as Record<string, unknown>)[field] ?? whenNull;
      if (type === 'LONG') appender.appendBigInt(BigInt(value as number));
      else appender.appendVarchar(typeof value === 'string' ? value : JSON.stringify(value));
    }
    appender.endRow();
  }
  appender.closeSync();
}
