import type { Socket } from 'node:net';
import { auth, connections, HiveClient, thrift } from 'hive-driver';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { HiveSession } from '../../cluster/warehouse/ports.ts';
import type { SqlAnswer, SqlCell } from '../../reporting/sql-answer.ts';
import { sqlCells, sqlColumn, type HiveColumn, type HiveValues } from './hive-cells.ts';

export interface HiveOptions {
  /** `host:port` of HiveServer2. */
  readonly address: string;
  /** What one statement may take. */
  readonly timeMaxMs: number;
  /** Of an answer. */
  readonly rowsMax: number;
  /** Longest wait for a connection. */
  readonly connectMs?: number;
}

type Transport = Parameters<InstanceType<typeof auth.PlainTcpAuthentication>['authenticate']>[0];
type Session = Awaited<ReturnType<HiveClient['openSession']>>;
type Operation = Awaited<ReturnType<Session['executeStatement']>>;

const USER = 'adtally';
const CONNECT_MS = 10 * SECOND_MS;
/** Of one message: a running statement is asked for every few seconds, and compiling one takes the longest. */
const ANSWER_MS = 120 * SECOND_MS;
const ROWS_PER_FETCH = 1000;
/** HIVE_CLI_SERVICE_PROTOCOL_V10: results come by columns. */
const PROTOCOL = 9;
const [FINISHED, ERROR, TIMED_OUT] = [2, 5, 8];
/** TOperationState: of a statement that goes on. */
const RUNNING = new Set([0, 1, 7]);

/** Connects to HiveServer2, without authentication beyond a name. Rejects with AdtallyError cluster_unreachable. */
export async function openHive(options: HiveOptions): Promise<HiveSession> {
  const { address, timeMaxMs, connectMs = CONNECT_MS } = options;
  const [host, port] = address.split(':');
  const client = new HiveClient(thrift.TCLIService as object, thrift.TCLIService_types as never);
  const login = new Login({ username: USER, password: USER });
  // An error that nobody listens to would end the process; it comes with the end of the connection.
  client.on('error', () => undefined);
  try {
    const connected = client.connect({ host, port: Number(port) }, new connections.TcpConnection(), login);
    await Promise.race([within(connectMs, connected), login.lost]);
    const opened = client.openSession({
      client_protocol: PROTOCOL,
      username: USER,
      configuration: sessionSettings(timeMaxMs),
    });
    const session = await Promise.race([within(ANSWER_MS, opened), login.lost]);
    return new HiveServer(session, login, options);
  } catch (error) {
    login.hangUp();
    throw unreachable(address, (error as Error).message, error);
  }
}

/** Logs in by a name alone, and keeps hold of the socket. */
class Login extends auth.PlainTcpAuthentication {
  readonly #lost = Promise.withResolvers<never>();
  #socket: Socket | undefined;

  override authenticate(transport: Transport): Promise<Transport> {
    const done = super.authenticate(transport);
    // Whoever asks hears of it, and it may be nobody.
    this.#lost.promise.catch(() => undefined);
    this.#socket = transport.getTransport() as Socket;
    this.#socket.once('close', () => this.#lost.reject(new Error('the connection is lost')));
    return done;
  }

  /** Rejects when the connection is gone: the client itself would wait for its answer for ever. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  hangUp(): void {
    this.#socket?.destroy();
  }
}

function sessionSettings(timeMaxMs: number): Record<string, string> {
  const settings = {
    'hive.local.time.zone': 'UTC',
    'hive.query.timeout.seconds': `${Math.ceil(timeMaxMs / SECOND_MS)}s`,
    // "${env:HOME}" in a statement is what is written there.
    'hive.variable.substitute': 'false',
    // Columns are named as they are asked for, without their table.
    'hive.resultset.use.unique.column.names': 'false',
    // Rows are counted, whatever the metastore holds of them.
    'hive.compute.query.using.stats': 'false',
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`set:hiveconf:${name}`, value]));
}

class HiveServer implements HiveSession {
  readonly #session: Session;
  readonly #login: Login;
  readonly #options: HiveOptions;

  constructor(session: Session, login: Login, options: HiveOptions) {
    this.#session = session;
    this.#login = login;
    this.#options = options;
  }

  async run(statement: string): Promise<SqlAnswer> {
    const startMs = performance.now();
    const operation = await this.#ask(() => this.#session.executeStatement(statement, { runAsync: true }));
    const hasRows = await this.#end(operation);
    const answer = hasRows ? await this.#read(operation) : { columns: [], rows: [], truncated: false };
    await this.#ask(() => operation.close());
    return { ...answer, ms: Math.round(performance.now() - startMs) };
  }

  async close(): Promise<void> {
    try {
      await this.#ask(() => this.#session.close());
    } finally {
      this.#login.hangUp();
    }
  }

  /** Waits until the statement has ended; says whether it has rows. */
  async #end(operation: Operation): Promise<boolean> {
    for (;;) {
      const { operationState, errorMessage, hasResultSet } = await this.#ask(() => operation.status(false));
      if (operationState === FINISHED) return hasResultSet === true;
      if (operationState === TIMED_OUT)
        throw new AdtallyError(
          'query_too_long',
          `Hive gave up after ${this.#options.timeMaxMs / SECOND_MS} s.`,
        );
      if (operationState === ERROR) throw refusal(errorMessage ?? 'the statement failed');
      if (operationState === undefined || !RUNNING.has(operationState))
        throw refusal(`the statement was ended (state ${operationState})`);
    }
  }

  async #read(operation: Operation): Promise<Omit<SqlAnswer, 'ms'>> {
    const { rowsMax } = this.#options;
    operation.setMaxRows(ROWS_PER_FETCH);
    const rows: SqlCell[][] = [];
    let columns: readonly HiveColumn[];
    do {
      await this.#ask(() => operation.fetch());
      columns = operation.getSchema()?.columns ?? [];
      for (const batch of operation.getData()) rows.push(...rowsOf(columns, batch as unknown as Batch));
      operation.flush();
    } while (rows.length <= rowsMax && operation.hasMoreRows());
    return {
      columns: columns.map(sqlColumn),
      rows: rows.slice(0, rowsMax),
      truncated: rows.length > rowsMax,
    };
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const { address } = this.#options;
    try {
      return await Promise.race([within(ANSWER_MS, question()), this.#login.lost]);
    } catch (error) {
      if (error instanceof AdtallyError) throw error;
      const { name, message } = error as Error;
      throw name === 'Status Error' ? refusal(message) : unreachable(address, message, error);
    }
  }
}

interface Batch {
  readonly columns: readonly HiveValues[];
}

function rowsOf(columns: readonly HiveColumn[], { columns: sent }: Batch): SqlCell[][] {
  const cells = columns.map((column, at) => sqlCells(column, sent[at]));
  return (cells[0] ?? []).map((_, row) => cells.map((column) => column[row]));
}

/** In Hive's words, without what it says before each of them. */
function refusal(said: string): AdtallyError {
  const message = said.replace(/^(Error while (compiling|processing) statement: )?(FAILED: )?/, '').trim();
  return new AdtallyError('bad_query', message);
}

function unreachable(address: string, reason: string, cause?: unknown): AdtallyError {
  return new AdtallyError('cluster_unreachable', `HiveServer2 at ${address} does not answer: ${reason}.`, {
    cause,
  });
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`nothing for ${ms / SECOND_MS} s`)), ms);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
