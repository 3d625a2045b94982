import { beforeEach, expect, test } from 'vitest';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import { Healer } from '../../../src/cluster/watch/healer.ts';
import type { Loss } from '../../../src/cluster/watch/loss-book.ts';
import type { Sample } from '../../../src/cluster/watch/sample.ts';
import { Sampler } from '../../../src/cluster/watch/sampler.ts';
import { watchCluster } from '../../../src/cluster/watch/watcher.ts';
import { FakeFlink } from '../jobs/fake-flink.ts';
import { jobInput } from '../render/job-input.ts';
import { MemoryInspection } from './memory-inspection.ts';

const JOBS = renderRegionJobs(jobInput('a'));
const WISH = { parallelism: 1, areStopped: false, jobs: JOBS };

let flink: FakeFlink;
let kafka: MemoryInspection;
let losses: readonly Loss[];

beforeEach(async () => {
  flink = new FakeFlink();
  kafka = new MemoryInspection();
  losses = [];
  await applyJobs(JOBS, flink.services);
});

function sampler(): Sampler {
  return new Sampler({
    processes: () => Promise.resolve([]),
    jobManager: flink,
    files: flink,
    openKafka: () => Promise.resolve(kafka),
    clock: flink.clock,
  });
}

/** Watches for so many looks; `onLook` is told before each but the first. */
async function watched(looks: number, onLook: (look: number) => void = () => undefined): Promise<string[]> {
  const said: string[] = [];
  const stop = new AbortController();
  let look = 0;
  const healer = new Healer(
    {
      wish: () => WISH,
      startProcesses: () => Promise.resolve([]),
      keepDays: () => Promise.resolve([]),
      locked: (action) => action(),
      check: () => Promise.resolve(),
      services: flink.services,
      clock: flink.clock,
      report: ({ event, subject }) => said.push(`${event} ${subject}`),
    },
    { isRepairing: false },
  );
  await watchCluster(
    {
      sampler: sampler(),
      healer,
      losses: {
        read: () => losses,
        write: (book) => {
          losses = book;
        },
      },
      wish: () => WISH,
      clock: flink.clock,
      report: ({ event, alarm }) => said.push(`${event} ${alarm.code} ${alarm.subject}`),
      onSample: () => {
        look++;
        if (look === looks) stop.abort();
        else onLook(look);
      },
    },
    5000,
    stop.signal,
  );
  return said;
}

test('a loss is alarmed at once, stays so when Flink has forgotten it, and ends with the book', async () => {
  let kept: readonly number[] = [];
  const said = await watched(6, (look) => {
    if (look === 1) flink.failedCommits.set('job-1', 2);
    if (look === 2) flink.failedCommits.clear();
    if (look === 4) {
      kept = losses.map(({ transactions }) => transactions);
      losses = [];
    }
  });
  expect(said).toEqual([
    'alarm commits_failed adtally-a-aggregation clean',
    'alarm_over commits_failed adtally-a-aggregation clean',
  ]);
  expect(kept).toEqual([2]);
});

test('a job that is gone comes back while it is looked at', async () => {
  const said = await watched(6, (look) => {
    if (look === 1) flink.end('job-2', 'FAILED');
  });
  expect(said).toEqual(['job_started adtally-a-attribution']);
});

test('a Kafka that does not answer is an alarm, and is asked anew', async () => {
  kafka.isDown = true;
  const said = await watched(8, (look) => {
    if (look === 5) kafka.isDown = false;
  });
  expect(said).toEqual(['alarm server_silent Kafka of a', 'alarm_over server_silent Kafka of a']);
  expect(kafka.closed).toBeGreaterThan(1);
});

test('a sample says how far each job has read, what it missed, and who holds up readers', async () => {
  kafka.topics.set('a.events', { first: 5n, lastStable: 20n, end: 20n });
  kafka.topics.set('a.clean', { first: 0n, lastStable: 7n, end: 9n });
  kafka.offsets.set('adtally-a-aggregation a.events', 3n);
  kafka.open = [
    { transactionalId: 'young', startedAt: 2, partitions: ['a.clean/0'] },
    { transactionalId: 'old', startedAt: 1, partitions: ['a.clean/0', 'a.verdicts/0'] },
  ];
  const sample: Sample = await sampler().take(JOBS);
  const [aggregation] = sample.jobs;
  expect([aggregation.lagMessages, aggregation.missedMessages]).toEqual([17, 2]);
  expect(sample.topics.find(({ name }) => name === 'a.clean')!.partitions).toEqual([
    { partition: 0, lastStable: 7n, end: 9n, open: ['old', 'young'] },
  ]);
  expect(sample.topics.find(({ name }) => name === 'a.verdicts')!.partitions[0].open).toEqual(['old']);
});
