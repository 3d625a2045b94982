import { describe, expect, test } from 'vitest';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { checkPartitions, checkSlots, withParallelism } from '../../../src/cluster/jobs/job-wish.ts';
import { stopJobs } from '../../../src/cluster/jobs/stop-jobs.ts';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import { jobInput } from '../render/job-input.ts';
import { FakeFlink } from './fake-flink.ts';

const JOBS = renderRegionJobs(jobInput('a'));
const WISH = { parallelism: 1, areStopped: false, jobs: JOBS };

describe('more instances', () => {
  test('are another version of every job, the one that is rendered with them', async () => {
    const { jobs, parallelism } = withParallelism(WISH, 2);
    expect(parallelism).toBe(2);
    const input = jobInput('a');
    expect(jobs).toEqual(renderRegionJobs({ ...input, options: { parallelism: 2 } }));
    const flink = new FakeFlink();
    await applyJobs(JOBS, flink.services);
    const applied = await applyJobs(jobs, flink.services);
    expect(applied.map(({ action }) => action)).toEqual(['replaced', 'replaced', 'replaced']);
    expect(flink.settings.slice(3).map((settings) => settings['parallelism.default'])).toEqual([
      '2',
      '2',
      '2',
    ]);
  });

  test('need slots that nobody else has: what the jobs hold themselves counts', () => {
    const { jobs } = withParallelism(WISH, 2);
    expect(() => checkSlots(jobs, { total: 6, free: 3, own: 3 })).not.toThrow();
    expect(() => checkSlots(jobs, { total: 6, free: 2, own: 3 })).toThrow(
      /3 jobs need 6 slots of Flink, and 5 of its 6 are not taken by others/,
    );
  });

  test('need partitions to read', () => {
    const topics = [
      { name: 'a.events', partitions: 4 },
      { name: 'a.orders', partitions: 2 },
    ];
    expect(() => checkPartitions(2, topics)).not.toThrow();
    expect(() => checkPartitions(3, topics)).toThrow(/a\.orders has 2 partitions/);
  });
});

describe('jobs that are stopped', () => {
  test('leave a savepoint where their next run finds it; who does not run is left', async () => {
    const flink = new FakeFlink();
    await applyJobs(JOBS.slice(0, 2), flink.services);
    const stopped = await stopJobs(JOBS, flink.services);
    expect(stopped.map(({ name, action, savepoint }) => [name, action, savepoint])).toEqual([
      [JOBS[0].name, 'stopped', `file:///state/${JOBS[0].name}/savepoints/savepoint-1`],
      [JOBS[1].name, 'stopped', `file:///state/${JOBS[1].name}/savepoints/savepoint-1`],
      [JOBS[2].name, 'left', null],
    ]);
  });

  test('run on when they cannot write one, and end without where that is asked for', async () => {
    const flink = new FakeFlink();
    await applyJobs(JOBS, flink.services);
    flink.stopFault = 'Job job-1 could not be stopped with a savepoint: tasks are not running.';
    await expect(stopJobs(JOBS, flink.services)).rejects.toThrow('tasks are not running');
    expect(flink.listed.every(({ state }) => state === 'RUNNING')).toBe(true);
    const stopped = await stopJobs(JOBS, flink.services, { isCancelled: true });
    expect(stopped.map(({ action }) => action)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(flink.listed.every(({ state }) => state === 'CANCELED')).toBe(true);
  });
});
