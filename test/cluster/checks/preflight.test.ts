import { describe, expect, test } from 'vitest';
import {
  checkPreflight,
  type KafkaFacts,
  type PreflightFacts,
} from '../../../src/cluster/checks/preflight.ts';
import { tablesOf } from '../../../src/cluster/jobs/job-tables.ts';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import { topicsOf } from '../../../src/cluster/render/topics.ts';
import type { RenderedJob } from '../../../src/cluster/render/rendered-job.ts';
import { jobInput } from '../render/job-input.ts';

const REGIONS = ['a', 'b'] as const;
const JOBS = REGIONS.flatMap((region) => renderRegionJobs(jobInput(region)));
const { spec } = jobInput('a');

const KAFKAS = REGIONS.map((region): KafkaFacts => ({
  region,
  transactionMsMax: 3_600_000,
  listsTransactions: true,
  retentionMs: new Map(
    topicsOf(region, spec, { brokers: 1, partitions: 2 }).map(({ name, config }) => [
      name,
      config['cleanup.policy'] === 'compact' ? null : Number(config['retention.ms']),
    ]),
  ),
}));
const FACTS: PreflightFacts = {
  kafkas: KAFKAS,
  flink: { version: '2.3.0', retained: 3 },
  pinots: [{ region: 'a', version: '0.11.0', dialect: '0.11' }],
  memories: JOBS.map(({ name }) => ({
    job: name,
    hasHadState: true,
    directory: 'file:/d',
    checkpoint: 'file:/d/c',
  })),
};

/** What is refused, a line for each fault; empty when nothing is. */
function refusal(jobs: readonly RenderedJob[], facts: Partial<PreflightFacts> = {}): string {
  try {
    checkPreflight(jobs, { ...FACTS, ...facts });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

function withIntervals(interval: string): RenderedJob[] {
  return JOBS.map((job) => ({
    ...job,
    settings: { ...job.settings, 'execution.checkpointing.interval': interval },
  }));
}

test('the jobs as they are rendered pass, on servers as they are set up', () => {
  expect(refusal(JOBS)).toBe('');
  // Every sink and every source of them was looked at.
  expect(JOBS.flatMap((job) => tablesOf(job).sinks)).toHaveLength(16);
  const known = new Set(KAFKAS.flatMap(({ retentionMs }) => [...retentionMs.keys()]));
  expect(JOBS.flatMap((job) => tablesOf(job).sources).filter((topic) => !known.has(topic))).toEqual([]);
});

test('a refusal is an expected failure', () => {
  expect(() => checkPreflight(withIntervals('3600000 ms'), FACTS)).toThrow(
    expect.objectContaining({ code: 'cluster_preflight' }),
  );
});

describe('refused are', () => {
  test('transactions that end before a job could be back', () => {
    expect(refusal(withIntervals('300000 ms'))).toBe('');
    expect(refusal(withIntervals('300001 ms')).split('\n')[0]).toBe(
      'adtally-a-aggregation, clean: its transactions end after 900000 ms, and a checkpoint and the longest restart take 900001 ms: what is in them would be lost. Let checkpoints be more often (--checkpoint-interval of "adtally cluster up").',
    );
  });

  test('transactions that the broker would not allow', () => {
    const kafkas = KAFKAS.map((kafka) => ({
      ...kafka,
      transactionMsMax: kafka.region === 'b' ? 899_999 : 900_000,
    }));
    const faults = refusal(JOBS, { kafkas }).split('\n');
    expect(faults).toHaveLength(8);
    expect(faults[0]).toBe(
      'adtally-b-aggregation, clean: its transactions are to last 900000 ms, and Kafka of b allows 899999 ms. Raise transaction.max.timeout.ms of its brokers.',
    );
  });

  test('two sinks of which one would end the transactions of the other', () => {
    const twin = { ...JOBS[0], name: 'adtally-a-twin' };
    expect(refusal([JOBS[0], twin])).toContain(
      `adtally-a-aggregation, clean: its transactional ids "adtally-a-aggregation-clean" begin like "adtally-a-aggregation-clean" of adtally-a-twin, clean`,
    );
    const statements = JOBS[0].statements.map((one) =>
      one.replaceAll("aggregation-verdicts'", "aggregation-clean2'"),
    );
    expect(refusal([{ ...JOBS[0], statements }])).toContain('begin like');
  });

  test('topics that forget what a checkpoint still needs', () => {
    const kafkas = KAFKAS.map((kafka) => ({ ...kafka, retentionMs: new Map([['a.events', 602_999]]) }));
    expect(refusal(JOBS, { kafkas })).toBe(
      'Kafka of a, a.events: it keeps messages for 602999 ms, and the oldest checkpoint of adtally-a-aggregation may be 603000 ms old. Raise retention.log.',
    );
    const forEver = KAFKAS.map((kafka) => ({ ...kafka, retentionMs: new Map([['a.events', -1]]) }));
    expect(refusal(JOBS, { kafkas: forEver })).toBe('');
  });

  test('a job that would begin without what it has known', () => {
    const [memory] = FACTS.memories;
    const lost = { ...memory, checkpoint: null };
    expect(refusal(JOBS, { memories: [memory, lost] })).toBe(
      'adtally-a-aggregation: it has had checkpoints, and none is found in file:/d: without what it knows it would count again what it has counted. Mount the file system of Flink’s checkpoints here, at the same path. If they are lost, "adtally cluster apply --replay" judges again all that Kafka holds.',
    );
    expect(refusal(JOBS, { memories: [{ ...lost, hasHadState: false }] })).toBe('');
  });

  test.for([
    [{ flink: { version: '1.20.1', retained: 3 } }, 'Flink: it is 1.20.1'],
    [{ flink: { version: '2.1.0', retained: 3 } }, 'Flink: it is 2.1.0'],
    [{ pinots: [{ region: 'a', version: '1.4.0', dialect: '0.11' }] }, 'Pinot of a: it is 1.4.0'],
    [{ pinots: [{ region: 'a', version: '0.11.0', dialect: '1.x' }] }, 'Pinot of a: it is 0.11.0'],
    [
      { kafkas: KAFKAS.map((kafka) => ({ ...kafka, listsTransactions: false })) },
      'Kafka of a: it cannot list transactions',
    ],
  ] as const)('servers of another kind: %#', ([facts, fault]) => {
    expect(refusal(JOBS, facts)).toContain(fault);
  });
});
