import type { RenderedJob } from '../render/rendered-job.ts';

/** A table of a job that writes to Kafka in transactions. */
export interface JobSink {
  readonly table: string;
  readonly topic: string;
  /** What its transactional ids begin with. */
  readonly prefix: string;
  readonly transactionTimeoutMs: number;
}

/** What a job reads from Kafka, and what it writes there. */
export interface JobTables {
  readonly sources: readonly string[];
  readonly sinks: readonly JobSink[];
}

const TABLE = /^CREATE TEMPORARY TABLE `([^`]+)`/;
const OPTION = /'((?:[^']|'')+)' = '((?:[^']|'')*)'/g;

/** Read from the SQL itself: so what is checked and watched is what is submitted. */
export function tablesOf({ statements }: Pick<RenderedJob, 'statements'>): JobTables {
  const tables = statements.map(tableIn).filter((table) => table !== undefined);
  return {
    sources: [
      ...new Set(
        tables.flatMap(({ options }) =>
          options.has('scan.startup.mode') ? (options.get('topic') ?? '').split(';') : [],
        ),
      ),
    ],
    sinks: tables.flatMap(({ table, options }): JobSink[] => {
      const prefix = options.get('sink.transactional-id-prefix');
      if (prefix === undefined) return [];
      const transactionTimeoutMs = Number(options.get('properties.transaction.timeout.ms'));
      return [{ table, topic: options.get('topic') ?? '', prefix, transactionTimeoutMs }];
    }),
  };
}

function tableIn(
  statement: string,
): { readonly table: string; readonly options: ReadonlyMap<string, string> } | undefined {
  const [, table] = TABLE.exec(statement) ?? [];
  if (table === undefined) return undefined;
  const pairs = [...statement.matchAll(OPTION)].map(
    ([, key, value]) => [unquoted(key), unquoted(value)] as const,
  );
  return { table, options: new Map(pairs) };
}

function unquoted(text: string): string {
  return text.replaceAll("''", "'");
}
