import { AdtallyError } from '../../../src/base/errors.ts';
import type { HiveSession } from '../../../src/cluster/warehouse/ports.ts';
import type { SqlAnswer, SqlCell } from '../../../src/reporting/sql-answer.ts';

/** Hive as applyHive sees it: a database, and tables and views with the digests they were made with. */
export class FakeHive implements HiveSession {
  hasDatabase = false;
  /** By name; null for one without. */
  readonly digests = new Map<string, string | null>();
  readonly did: string[] = [];
  /** Counts down the changes until one is refused. */
  failAt = Infinity;

  run(statement: string): Promise<SqlAnswer> {
    if (statement.startsWith('SHOW DATABASES')) return answer(this.hasDatabase ? [['warehouse']] : []);
    if (statement.startsWith('SHOW TABLES')) return answer([...this.digests.keys()].map((name) => [name]));
    const asked = /^SHOW TBLPROPERTIES warehouse\.(\w+)/.exec(statement)?.[1];
    if (asked !== undefined) {
      const digest = this.digests.get(asked) ?? null;
      return answer([[digest === null ? `Table warehouse.${asked} does not have property` : 'it', digest]]);
    }
    if (--this.failAt < 0) return Promise.reject(new AdtallyError('bad_query', 'SemanticException: no'));
    this.did.push(statement);
    this.#change(statement);
    return answer([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #change(statement: string): void {
    const [, change, name] = /^(CREATE DATABASE|DROP TABLE|CREATE)\b.*? warehouse\.?(\w*)/.exec(statement)!;
    if (change === 'CREATE DATABASE') this.hasDatabase = true;
    else if (change === 'DROP TABLE') this.digests.delete(name);
    else if (statement.startsWith('CREATE EXTERNAL') && this.digests.has(name))
      throw new Error(`${name} is there already`);
    else this.digests.set(name, /'adtally.digest' = '(\w+)'/.exec(statement)?.[1] ?? null);
  }
}

function answer(rows: readonly (readonly SqlCell[])[]): Promise<SqlAnswer> {
  return Promise.resolve({ columns: [], rows, truncated: false, ms: 0 });
}
