import postgres, { type Row, type RowList, type SerializableParameter, type Sql } from 'postgres';
import { AdtallyError } from '../../base/errors.ts';
import { asPostgresError, isTransient } from './postgres-errors.ts';

/** A statement that takes longer is given up, ms. */
const STATEMENT_MS_MAX = 30_000;
/**
 * A transaction in which nothing is asked for so long is ended by the server, and its locks with it: a process that stood still in the
 * middle of one holds nobody up, and commits nothing when it comes back.
 */
const IDLE_TRANSACTION_MS_MAX = 5000;
const CONNECT_SECONDS_MAX = 5;
const CLOSE_SECONDS = 2;

export interface PostgresAddress {
  /** `postgresql://USER[:PASSWORD]@HOST:PORT/DATABASE`. */
  readonly url: string;
  /** Names this process to the server. */
  readonly name: string;
  /** Most connections for reading, and most for transactions. */
  readonly connections: number;
}

/** Runs one statement: a template whose values go along as parameters. Numbers of 64 bits and decimal ones come as text. */
export type Statement = (
  template: TemplateStringsArray,
  ...values: readonly SerializableParameter[]
) => Promise<RowList<Row[]>>;

/**
 * A PostgreSQL, connected to when it is first asked; one that was away is found again. Everything rejects with AdtallyError
 * cluster_unreachable while it does not answer; what was asked for may have been done all the same.
 *
 * postgres.js 3.4.9 must not begin transactions, nor keep a connection that failed: when the server ends one in the middle of a
 * transaction it writes to nothing, which ends the process, or sends the rest, COMMIT too, into the next transaction on its new connection
 * (porsager/postgres issues 1154, 1208, 1216). So a transaction has a connection of its own, asks nothing more once that is closed, and
 * whatever failed is thrown away.
 */
export class PostgresDatabase {
  readonly #address: PostgresAddress;
  readonly #idle: Lane[] = [];
  readonly #waiting: (() => void)[] = [];
  #pool: Sql | undefined;
  #busy = 0;

  /** Throws AdtallyError config_invalid for a URL that is none. */
  constructor(address: PostgresAddress) {
    if (!/^postgres(ql)?:\/\//.test(address.url) || !URL.canParse(address.url)) {
      throw new AdtallyError(
        'config_invalid',
        'The address of PostgreSQL must be postgresql://USER@HOST:PORT/DATABASE.',
      );
    }
    this.#address = address;
  }

  /** Statements on their own, each on any connection. */
  async read<Result>(work: (sql: Statement) => Promise<Result>): Promise<Result> {
    const pool = (this.#pool ??= connect(this.#address, this.#address.connections));
    try {
      return await work((template, ...values) => pool(template, ...values));
    } catch (error) {
      if (isTransient(error) && this.#pool === pool) {
        this.#pool = undefined;
        end(pool);
      }
      throw asPostgresError(error);
    }
  }

  /** One transaction: all that `work` wrote is committed when it resolves, and nothing when it rejects. `mode` stands after BEGIN. */
  async transaction<Result>(
    work: (sql: Statement) => Promise<Result>,
    mode: '' | 'ISOLATION LEVEL REPEATABLE READ READ ONLY' = '',
  ): Promise<Result> {
    const lane = await this.#lane();
    try {
      await lane.command(`BEGIN ${mode}`);
      const result = await work(lane.statement);
      await lane.command('COMMIT');
      this.#idle.push(lane);
      return result;
    } catch (error) {
      // The server rolls back what its client left.
      lane.discard();
      throw asPostgresError(error);
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    const all = [
      ...this.#idle.splice(0).map(({ sql }) => sql),
      ...(this.#pool === undefined ? [] : [this.#pool]),
    ];
    this.#pool = undefined;
    await Promise.all(all.map((sql) => sql.end({ timeout: CLOSE_SECONDS })));
  }

  async #lane(): Promise<Lane> {
    while (this.#busy >= this.#address.connections)
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    this.#busy++;
    for (let lane = this.#idle.pop(); lane !== undefined; lane = this.#idle.pop()) {
      if (!lane.isClosed) return lane;
      lane.discard();
    }
    return new Lane(this.#address);
  }
}

/** One connection, for one transaction at a time. */
class Lane {
  readonly sql: Sql;
  isClosed = false;

  constructor(address: PostgresAddress) {
    this.sql = connect(address, 1, () => (this.isClosed = true));
  }

  readonly statement: Statement = async (template, ...values) => {
    this.#check();
    return await this.sql(template, ...values);
  };

  async command(text: string): Promise<void> {
    this.#check();
    await this.sql.unsafe(text).simple();
  }

  discard(): void {
    this.isClosed = true;
    end(this.sql);
  }

  #check(): void {
    if (this.isClosed)
      throw Object.assign(new Error('the connection is closed'), { code: 'CONNECTION_CLOSED' });
  }
}

function connect({ url, name }: PostgresAddress, max: number, onclose = (): void => {}): Sql {
  return postgres(url, {
    max,
    max_lifetime: null,
    connect_timeout: CONNECT_SECONDS_MAX,
    onclose,
    onnotice: () => undefined,
    connection: {
      application_name: name,
      statement_timeout: STATEMENT_MS_MAX,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS_MAX,
    },
  });
}

/** At once: there is nothing to wait for on a connection that failed. */
function end(sql: Sql): void {
  sql.end({ timeout: 0 }).catch(() => undefined);
}
