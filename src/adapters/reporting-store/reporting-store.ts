import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { MIB } from '../../base/units.ts';
import { BucketRuns } from '../../reporting/bucket-runs.ts';
import type { FiguresAnswer, FiguresQuery } from '../../reporting/figures.ts';
import type {
  CampaignAttributes,
  FeedId,
  RecordKind,
  RecordKinds,
  RecordPage,
  RecordSource,
  RefillableSink,
} from '../../union-load/ports.ts';
import { figuresStatement } from './figures-sql.ts';
import { progressOf, rowsOf, type FeedRow } from './figures-rows.ts';
import { mergeStaged, RECORD_TABLES, stagingName } from './record-tables.ts';
import { Clustering } from './clustering.ts';
import { prepareSchema } from './schema.ts';
import { stagePage } from './staged-page.ts';
import { differingStaged, storedRecords } from './stored-records.ts';
import { inTransaction } from './transaction.ts';

const REPORTING_FILE = 'reporting.duckdb';

export interface ReportingStoreOptions {
  /** The data directory. */
  readonly directory: string;
  /** Most memory of the database; what does not fit goes to temporary files beside it. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Changes are written into the file proper once their log has so many bytes; for tests. */
  readonly checkpointBytes?: number;
  /** So many rows are sorted together; for tests. */
  readonly clusterRows?: number;
}

/**
 * The records of all regions in a DuckDB file: the highest revision of each, and the cursor of every feed in the same transaction.
 * One connection writes, another one reads; a reader sees the state after some whole page. Calls wait for their turn.
 */
export class ReportingStore implements RefillableSink, RecordSource {
  readonly name = 'reporting';
  readonly #instance: DuckDBInstance;
  readonly #writer: DuckDBConnection;
  readonly #reader: DuckDBConnection;
  readonly #clustering: Clustering;
  #writing: Promise<unknown> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(
    instance: DuckDBInstance,
    [writer, reader]: readonly [DuckDBConnection, DuckDBConnection],
    clustering: Clustering,
  ) {
    this.#instance = instance;
    this.#writer = writer;
    this.#reader = reader;
    this.#clustering = clustering;
  }

  /** Rejects with AdtallyError: data_format for a newer file, data_corrupt for one that cannot be read. */
  static async open(options: ReportingStoreOptions): Promise<ReportingStore> {
    const { directory, memoryBytes, threads, checkpointBytes = CHECKPOINT_BYTES } = options;
    const path = join(directory, REPORTING_FILE);
    const instance = await DuckDBInstance.create(path, {
      memory_limit: `${memoryBytes}B`,
      threads: String(threads),
      max_temp_directory_size: TEMPORARY_FILES,
      checkpoint_threshold: `${checkpointBytes}B`,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    }).catch((cause: Error) => {
      throw new AdtallyError('data_corrupt', `${path} cannot be opened: ${cause.message}.`, { cause });
    });
    const writer = await instance.connect();
    await prepareSchema(writer, path);
    const clustering = new Clustering(writer, options.clusterRows ?? CLUSTER_ROWS);
    return new ReportingStore(instance, [writer, await instance.connect()], clustering);
  }

  async cursor({ region, kind }: FeedId): Promise<string | undefined> {
    const sql = 'SELECT cursor FROM feeds WHERE region = $region AND kind = $kind';
    const result = await this.#write((c) => c.runAndReadAll(sql, { region, kind }));
    return result.getRows()[0]?.[0] as string | undefined;
  }

  /** Of every feed, by `region/kind`. */
  async cursors(): Promise<Record<string, string>> {
    const rows = await this.#write((c) => c.runAndReadAll('SELECT region, kind, cursor FROM feeds'));
    return Object.fromEntries(
      rows.getRows().map(([region, kind, cursor]) => [`${String(region)}/${String(kind)}`, String(cursor)]),
    );
  }

  load<Kind extends RecordKind>(feed: FeedId<Kind>, page: RecordPage<Kind>): Promise<void> {
    return this.#write(async (connection) => {
      await inTransaction(connection, async () => {
        await merge(connection, feed.kind, page.records);
        await keepPosition(connection, feed, page);
      });
      // The page is kept, whatever becomes of the order of rows.
      if (this.#clustering.isDue(latestMinute(page))) await this.#clustering.step().catch(() => undefined);
    });
  }

  fill<Kind extends RecordKind>(kind: Kind, records: readonly RecordKinds[Kind][]): Promise<void> {
    return this.#write((connection) => inTransaction(connection, () => merge(connection, kind, records)));
  }

  async differing<Kind extends RecordKind>(
    kind: Kind,
    records: readonly RecordKinds[Kind][],
  ): Promise<readonly RecordKinds[Kind][]> {
    if (records.length === 0) return [];
    const found = await this.#write((connection) =>
      inTransaction(connection, async () => {
        await stagePage(connection, kind, records);
        const rows = await connection.runAndReadAll(differingStaged(kind));
        await connection.run(`DELETE FROM ${stagingName(RECORD_TABLES[kind])}`);
        return rows.getRows();
      }),
    );
    const ids = new Set(found.map(([id]) => id));
    return records.filter(({ recordId }) => ids.has(recordId));
  }

  /** Nothing waits: what was taken in is kept. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async *records<Kind extends RecordKind>(kind: Kind): AsyncGenerator<readonly RecordKinds[Kind][]> {
    yield* storedRecords(await this.connect(), kind);
  }

  /** Puts rows of hours that have passed into the order in which reports read them; loading does it bit by bit. */
  async cluster(): Promise<void> {
    while (await this.#write(() => this.#clustering.step()));
  }

  /** Replaces what is known of campaigns. */
  setCampaigns(campaigns: readonly CampaignAttributes[]): Promise<void> {
    return this.#write((connection) =>
      inTransaction(connection, async () => {
        await connection.run('DELETE FROM campaigns');
        const appender = await connection.createAppender('campaigns');
        for (const { campaignId, merchantId, placement } of campaigns) {
          for (const text of [campaignId, merchantId, placement]) {
            if (text === null) appender.appendNull();
            else appender.appendVarchar(text);
          }
          appender.endRow();
        }
        appender.closeSync();
      }),
    );
  }

  /** Rejects with AdtallyError: bad_request for a query that cannot be answered, capacity when it takes too much memory. */
  async figures(query: FiguresQuery): Promise<FiguresAnswer> {
    const buckets = new BucketRuns(query);
    const { sql, values } = figuresStatement(query, buckets);
    return this.#read((connection) =>
      // The figures and how far they go are of one state.
      inTransaction(connection, async () => {
        const feeds = await connection.runAndReadAll(
          'SELECT region, kind, as_of, final_before FROM feeds ORDER BY ALL',
        );
        const found = await connection.runAndReadAll(sql, { ...values });
        const regions = progressOf(feeds.getRowObjects() as unknown as FeedRow[]);
        return { ...rowsOf(found.getRowObjects(), query), regions };
      }),
    );
  }

  /** How far the records of each region have come. */
  async progress(): Promise<FiguresAnswer['regions']> {
    const sql = 'SELECT region, kind, as_of, final_before FROM feeds ORDER BY ALL';
    const feeds = await this.#read((connection) => connection.runAndReadAll(sql));
    return progressOf(feeds.getRowObjects() as unknown as FeedRow[]);
  }

  /** Another connection, for whoever reads in a way of his own. */
  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#writing, this.#reading]);
    this.#writer.closeSync();
    this.#reader.closeSync();
    this.#instance.closeSync();
  }

  #write<Result>(use: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    const result = this.#writing.then(() => use(this.#writer));
    this.#writing = result.catch(() => undefined);
    return result;
  }

  #read<Result>(use: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    const result = this.#reading.then(() => use(this.#reader)).catch(queryFailed);
    this.#reading = result.catch(() => undefined);
    return result;
  }
}

async function merge<Kind extends RecordKind>(
  connection: DuckDBConnection,
  kind: Kind,
  records: readonly RecordKinds[Kind][],
): Promise<void> {
  if (records.length === 0) return;
  const table = RECORD_TABLES[kind];
  await stagePage(connection, kind, records);
  await connection.run(mergeStaged(table));
  await connection.run(`DELETE FROM ${stagingName(table)}`);
}

/** Of the ad minutes in a page; 0 without any. */
function latestMinute({ records }: RecordPage): UnixMs {
  return records.reduce(
    (latest, record) => ('minute' in record ? Math.max(latest, record.minute) : latest),
    0,
  );
}

/** A page that is not the last one leaves the times as they are: its region has more of before them. */
async function keepPosition(
  connection: DuckDBConnection,
  { region, kind }: FeedId,
  { cursor, caughtUp, asOf, finalBefore }: RecordPage,
): Promise<void> {
  const times = caughtUp ? { asOf: wholeNumber(asOf), finalBefore: wholeNumber(finalBefore) } : undefined;
  await connection.run(
    `MERGE INTO feeds USING (SELECT $region AS region, $kind AS kind, $cursor AS cursor) AS page USING (region, kind)
     WHEN MATCHED THEN UPDATE SET cursor = page.cursor${times ? `, as_of = ${times.asOf}, final_before = ${times.finalBefore}` : ''}
     WHEN NOT MATCHED THEN INSERT (region, kind, cursor, as_of, final_before)
       VALUES (page.region, page.kind, page.cursor, ${times?.asOf ?? 'NULL'}, ${times?.finalBefore ?? 0})`,
    { region, kind, cursor },
  );
}

function wholeNumber(value: UnixMs): string {
  return String(BigInt(value));
}

function queryFailed(error: unknown): never {
  if (!(error instanceof AdtallyError) && /out of memory/i.test((error as Error).message)) {
    throw new AdtallyError(
      'capacity',
      'The query takes more than reporting.memory: bring from and to closer together, or raise it.',
      { cause: error },
    );
  }
  throw error;
}

const TEMPORARY_FILES = '4GiB';
/** As many as the database keeps together in a row group. */
const CLUSTER_ROWS = 122_880;
const CHECKPOINT_BYTES = 64 * MIB;
