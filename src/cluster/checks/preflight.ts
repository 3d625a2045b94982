import { AdtallyError } from '../../base/errors.ts';
import { MINUTE_MS } from '../../base/units.ts';
import { tablesOf } from '../jobs/job-tables.ts';
import type { PinotDialect } from '../render/pinot-tables.ts';
import type { RenderedJob } from '../render/rendered-job.ts';

/** What the servers of a cluster say of themselves. */
export interface PreflightFacts {
  readonly kafkas: readonly KafkaFacts[];
  readonly flink: FlinkFacts;
  readonly pinots: readonly PinotFacts[];
  readonly memories: readonly JobMemory[];
}

export interface KafkaFacts {
  readonly region: string;
  /** Its `transaction.max.timeout.ms`. */
  readonly transactionMsMax: number;
  /** Whether it knows how to list transactions, by which jobs find what they left open. */
  readonly listsTransactions: boolean;
  /** How long topics keep messages, by name, as they are to be; null where they keep the latest of each key. */
  readonly retentionMs: ReadonlyMap<string, number | null>;
}

/** What a job would go on from. */
export interface JobMemory {
  readonly job: string;
  /** Whether it has ever had a checkpoint: Kafka keeps how far the job had read then, and Flink remembers its jobs for a while. */
  readonly hasHadState: boolean;
  /** Where Flink keeps its checkpoints, a URI. */
  readonly directory: string;
  /** The newest complete one that is found there; null when there is none. */
  readonly checkpoint: string | null;
}

export interface FlinkFacts {
  readonly version: string;
  /** Checkpoints that it keeps: `execution.checkpointing.num-retained`. */
  readonly retained: number;
}

export interface PinotFacts {
  readonly region: string;
  /** Null when it does not say. */
  readonly version: string | null;
  /** The kind of Pinot that the tables are made for. */
  readonly dialect: PinotDialect;
}

/** From the death of a job to its first commit after it, at most: a machine that is started again is back by then. */
const RESTART_MS_MAX = 10 * MINUTE_MS;
const FLINK = /^2\.[2-9]\b/;
const PINOT = { '0.11': /^0\.11\./, '1.x': /^1\./ } as const satisfies Record<PinotDialect, RegExp>;

/** Something that would lose data or stop jobs later on. */
export interface PreflightFault {
  readonly where: string;
  readonly what: string;
  readonly remedy: string;
}

/** Throws AdtallyError cluster_preflight, which names every fault, when these jobs should not run on that. */
export function checkPreflight(jobs: readonly RenderedJob[], facts: PreflightFacts): void {
  const faults = preflightFaults(jobs, facts);
  if (faults.length === 0) return;
  const lines = faults.map(({ where, what, remedy }) => `${where}: ${what} ${remedy}`);
  throw new AdtallyError('cluster_preflight', lines.join('\n'));
}

function preflightFaults(jobs: readonly RenderedJob[], facts: PreflightFacts): PreflightFault[] {
  return [
    ...jobs.flatMap((job) => transactionFaults(job, facts)),
    ...prefixFaults(jobs),
    ...jobs.flatMap((job) => retentionFaults(job, facts)),
    ...versionFaults(facts),
    ...memoryFaults(facts),
  ];
}

/** A transaction that is not committed in time is aborted, and what is in it lost. */
function transactionFaults(job: RenderedJob, { kafkas }: PreflightFacts): PreflightFault[] {
  const leastMs = checkpointMs(job) + RESTART_MS_MAX;
  const kafka = kafkas.find(({ region }) => region === job.region);
  return tablesOf(job).sinks.flatMap(({ table, transactionTimeoutMs }): PreflightFault[] => {
    const where = `${job.name}, ${table}`;
    const faults: PreflightFault[] = [];
    if (!(transactionTimeoutMs >= leastMs)) {
      faults.push({
        where,
        what: `its transactions end after ${transactionTimeoutMs} ms, and a checkpoint and the longest restart take ${leastMs} ms: what is in them would be lost.`,
        remedy: 'Let checkpoints be more often (--checkpoint-interval of "adtally cluster up").',
      });
    }
    if (kafka !== undefined && kafka.transactionMsMax < transactionTimeoutMs) {
      faults.push({
        where,
        what: `its transactions are to last ${transactionTimeoutMs} ms, and Kafka of ${job.region} allows ${kafka.transactionMsMax} ms.`,
        remedy: 'Raise transaction.max.timeout.ms of its brokers.',
      });
    }
    return faults;
  });
}

/** A sink that starts ends what it finds open under its prefix. */
function prefixFaults(jobs: readonly RenderedJob[]): PreflightFault[] {
  const sinks = jobs.flatMap((job) => tablesOf(job).sinks.map((sink) => ({ ...sink, job: job.name })));
  return sinks.flatMap((sink, at) =>
    sinks
      .slice(at + 1)
      .filter(({ prefix }) => prefix.startsWith(sink.prefix) || sink.prefix.startsWith(prefix))
      .map((other) => ({
        where: `${sink.job}, ${sink.table}`,
        what: `its transactional ids "${sink.prefix}" begin like "${other.prefix}" of ${other.job}, ${other.table}: they would end each other's transactions.`,
        remedy: 'Give every region a name of its own.',
      })),
  );
}

/** A job goes on where its checkpoint was: what it has not read must still be there. */
function retentionFaults(job: RenderedJob, { kafkas, flink }: PreflightFacts): PreflightFault[] {
  const kafka = kafkas.find(({ region }) => region === job.region);
  const leastMs = checkpointMs(job) * flink.retained + RESTART_MS_MAX;
  return tablesOf(job).sources.flatMap((topic) => {
    const keptMs = kafka?.retentionMs.get(topic);
    // Less than 0 is for ever.
    if (keptMs === undefined || keptMs === null || keptMs < 0 || keptMs >= leastMs) return [];
    return [
      {
        where: `Kafka of ${job.region}, ${topic}`,
        what: `it keeps messages for ${keptMs} ms, and the oldest checkpoint of ${job.name} may be ${leastMs} ms old.`,
        remedy: 'Raise retention.log.',
      },
    ];
  });
}

/** A job that begins without its state counts again what it has counted. */
function memoryFaults({ memories }: PreflightFacts): PreflightFault[] {
  return memories
    .filter(({ hasHadState, checkpoint }) => hasHadState && checkpoint === null)
    .map(({ job, directory }) => ({
      where: job,
      what: `it has had checkpoints, and none is found in ${directory}: without what it knows it would count again what it has counted.`,
      remedy:
        'Mount the file system of Flink’s checkpoints here, at the same path. If they are lost, "adtally cluster apply --replay" judges again all that Kafka holds.',
    }));
}

function versionFaults({ kafkas, flink, pinots }: PreflightFacts): PreflightFault[] {
  const faults: PreflightFault[] = kafkas
    .filter(({ listsTransactions }) => !listsTransactions)
    .map(({ region }) => ({
      where: `Kafka of ${region}`,
      what: 'it cannot list transactions, by which jobs find what they left open.',
      remedy: 'Use Kafka 3.0 or newer; 4.3 is what adtally is tested with.',
    }));
  if (!FLINK.test(flink.version)) {
    faults.push({
      where: 'Flink',
      what: `it is ${flink.version}, for which the connectors are not made.`,
      remedy: 'Use Flink 2.2 or newer; 2.3 is what adtally is tested with.',
    });
  }
  for (const { region, version, dialect } of pinots) {
    if (version === null || PINOT[dialect].test(version)) continue;
    faults.push({
      where: `Pinot of ${region}`,
      what: `it is ${version}, and its tables are made for ${dialect}.`,
      remedy: 'Use the Pinot that the cluster is set up for.',
    });
  }
  return faults;
}

function checkpointMs({ settings }: RenderedJob): number {
  return Number.parseInt(settings['execution.checkpointing.interval'] ?? '', 10);
}
