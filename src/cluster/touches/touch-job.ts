import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import { stateTtlMs } from '../cluster-plan.ts';
import { topicNamesOf } from '../topic-names.ts';
import {
  checkRegion,
  jobName,
  kafkaOf,
  renderedJob,
  type JobInput,
  type RenderedJob,
} from '../render/rendered-job.ts';
import { insert, name, names, statementSet, whole } from '../render/sql-text.ts';
import { createTable, sourceTable } from '../render/topic-tables.ts';
import { COUNTED_COLUMN, TOUCH_COLUMNS, TOUCH_KEY, TOUCH_TABLE } from './touch-table.ts';

/** Rows, and for how long they gather before they go to PostgreSQL together; and how often it is asked again when it does not answer. */
const BATCH = { rows: 500, ms: SECOND_MS, tries: 10 } as const;

/** Of two rows of one key the later one stays, without a state: those of a key come in their order, out of one partition. */
const LAST_WINS = {
  'table.exec.sink.require-on-conflict': 'false',
  'table.exec.sink.upsert-materialize': 'NONE',
} as const;

/**
 * Counted events of all regions into the table of touches, where people and programs may look them up; who gets the credit for an
 * order is decided without it. A job of its own: while PostgreSQL is away nobody else waits. The last word of an event stays, as those
 * of one user come in their order; so it may write what it has written before.
 */
export function renderTouches(input: JobInput): RenderedJob {
  checkRegion(input);
  const { spec, region } = input;
  const kafka = { job: jobName(region, 'touches'), kafka: kafkaOf(input) };
  const topics = spec.regions.map((one) => topicNamesOf(one).clean);
  const fields = TOUCH_COLUMNS.map(({ field }) => field);
  // One row that the table refuses would stop the job for good.
  const present = TOUCH_COLUMNS.filter(({ postgres }) => postgres.endsWith('NOT NULL')).map(
    ({ field }) => `${name(field)} IS NOT NULL`,
  );
  const statements = [
    sourceTable(kafka, 'clean', 'clean', topics),
    touchTable(input),
    statementSet([
      insert(
        'touches',
        `SELECT ${names(fields)}, \`sign\` = 1 FROM \`clean\` WHERE ${present.join(' AND ')}`,
      ),
    ]),
  ];
  const job = renderedJob(input, 'touches', stateTtlMs(spec, 0), statements);
  return { ...job, settings: { ...job.settings, ...LAST_WINS } };
}

function touchTable({ addresses: { postgres } }: JobInput): string {
  if (postgres === undefined)
    throw new AdtallyError(
      'config_invalid',
      'The cluster has no PostgreSQL, which the table of touches is in.',
    );
  const { username, password, host, pathname } = new URL(postgres);
  const columns = [...TOUCH_COLUMNS, COUNTED_COLUMN].map((column) => `${name(column.name)} ${column.flink}`);
  return createTable('touches', [...columns, `PRIMARY KEY (${names(TOUCH_KEY)}) NOT ENFORCED`], {
    connector: 'jdbc',
    url: `jdbc:postgresql://${host}${pathname}?reWriteBatchedInserts=true`,
    'table-name': TOUCH_TABLE,
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    'sink.buffer-flush.max-rows': whole(BATCH.rows),
    'sink.buffer-flush.interval': `${whole(BATCH.ms)} ms`,
    'sink.max-retries': whole(BATCH.tries),
  });
}
