import { beforeEach, describe, expect, test } from 'vitest';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import { jobStatus } from '../../../src/cluster/jobs/job-status.ts';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import { jobInput } from '../render/job-input.ts';
import { FakeFlink } from './fake-flink.ts';

const JOBS = renderRegionJobs(jobInput('a'));
const CHANGED = renderRegionJobs(jobInput('a', { maxEventAge: '23h' }));
const NAMES = ['adtally-a-aggregation', 'adtally-a-attribution', 'adtally-a-union-load'];
const CHECKPOINT = 'execution.state-recovery.path';

let flink: FakeFlink;
beforeEach(() => {
  flink = new FakeFlink();
});

describe('jobs that are applied', () => {
  test('are started where nothing runs and nothing is kept', async () => {
    const applied = await applyJobs(JOBS, flink.services);
    expect(applied.map(({ name, action, from }) => [name, action, from])).toEqual(
      NAMES.map((name) => [name, 'started', null]),
    );
    expect(flink.settings.map((settings) => settings['execution.checkpointing.dir'])).toEqual(
      NAMES.map((name) => `file:///state/${name}`),
    );
    expect(flink.settings.filter((settings) => CHECKPOINT in settings)).toEqual([]);
  });

  test('are left alone when they run already', async () => {
    const first = await applyJobs(JOBS, flink.services);
    const second = await applyJobs(JOBS, flink.services);
    expect(second).toEqual(first.map((job) => ({ ...job, action: 'left' })));
    expect(flink.did).toHaveLength(3);
  });

  test('go on from a savepoint when their SQL has changed', async () => {
    await applyJobs(JOBS, flink.services);
    const applied = await applyJobs(CHANGED, flink.services);
    expect(applied.map(({ action }) => action)).toEqual(['replaced', 'replaced', 'left']);
    expect(flink.did.slice(3)).toEqual([
      'stop job-1',
      `start ${NAMES[0]}`,
      'stop job-2',
      `start ${NAMES[1]}`,
    ]);
    expect(flink.settings[3][CHECKPOINT]).toBe(`file:///state/${NAMES[0]}/savepoints/savepoint-1`);
  });

  test('go on from the newest complete checkpoint when nothing runs any more', async () => {
    flink.complete.set(`file:///state/${NAMES[0]}`, 'file:///state/x/chk-7');
    const [aggregation, attribution] = await applyJobs(JOBS, flink.services);
    expect(aggregation).toMatchObject({ action: 'resumed', from: 'file:///state/x/chk-7' });
    expect(attribution).toMatchObject({ action: 'started', from: null });
    expect(flink.settings[0][CHECKPOINT]).toBe('file:///state/x/chk-7');
  });

  test('begin without state where a replay is asked for', async () => {
    await applyJobs(JOBS, flink.services);
    flink.complete.set(`file:///state/${NAMES[0]}`, 'file:///state/x/chk-7');
    const applied = await applyJobs(JOBS, flink.services, { isReplay: true });
    expect(applied.map(({ action }) => action)).toEqual(['started', 'started', 'started']);
    expect(flink.settings.filter((settings) => CHECKPOINT in settings)).toEqual([]);
  });

  test('are replayed once they have a checkpoint of their own: one before it would undo the replay', async () => {
    flink.checkpointedFrom = 90_000;
    await applyJobs(JOBS.slice(0, 1), flink.services, { isReplay: true });
    expect(flink.now).toBeGreaterThanOrEqual(90_000);
    flink.checkpointedFrom = Number.POSITIVE_INFINITY;
    await expect(applyJobs(JOBS.slice(0, 1), flink.services, { isReplay: true })).rejects.toThrow(
      /has no checkpoint after 600 s\. It goes on; should it be gone before it has one, replay again/,
    );
  });

  test('wait for one that is being cancelled, and say so of one that does not end', async () => {
    await applyJobs(JOBS, flink.services);
    flink.listed[0].state = 'CANCELLING';
    flink.endedFrom = 5000;
    flink.complete.set(`file:///state/${NAMES[0]}`, 'file:///state/x/chk-7');
    const [aggregation] = await applyJobs(JOBS, flink.services);
    expect(aggregation).toMatchObject({ action: 'resumed', from: 'file:///state/x/chk-7' });
    expect(flink.now).toBeGreaterThanOrEqual(5000);
    expect(flink.did.slice(3)).toEqual([`start ${NAMES[0]}`]);
    flink.listed[0].state = 'CANCELED';
    flink.listed[1].state = 'CANCELLING';
    flink.endedFrom = Number.POSITIVE_INFINITY;
    await expect(applyJobs(JOBS, flink.services)).rejects.toThrow(
      /adtally-a-attribution \(job-2\) is CANCELLING for 120 s/,
    );
  });

  test('are not started when the old version cannot be stopped with a savepoint', async () => {
    await applyJobs(JOBS, flink.services);
    flink.stopFault = 'Job job-1 could not be stopped with a savepoint: tasks are not running.';
    await expect(applyJobs(CHANGED, flink.services)).rejects.toThrow('tasks are not running');
    expect(flink.listed.filter(({ state }) => state === 'RUNNING')).toHaveLength(3);
  });

  test('say what to do when the state does not fit', async () => {
    flink.complete.set(`file:///state/${NAMES[0]}`, 'file:///state/x/chk-7');
    flink.nextState = 'FAILED';
    flink.reason = 'IllegalStateException: there is no operator for the state';
    await expect(applyJobs(JOBS, flink.services)).rejects.toMatchObject({
      code: 'job_failed',
      message: `${NAMES[0]} did not start: ${flink.reason}. It was to go on from file:///state/x/chk-7, which is kept. If its SQL has changed too much for that state, apply again with a replay.`,
    });
  });

  test('say so when there is no slot for them', async () => {
    flink.nextState = 'CREATED';
    await expect(applyJobs(JOBS, flink.services)).rejects.toThrow(
      /is CREATED after 120 s\. Flink may have no free slot/,
    );
  });

  test('are not touched where one of them runs twice', async () => {
    await applyJobs(JOBS, flink.services);
    flink.listed.push({ ...flink.listed[0], id: 'job-4' });
    await expect(applyJobs(CHANGED, flink.services)).rejects.toThrow(
      /adtally-a-aggregation runs 2 times: job-/,
    );
    expect(flink.did).toHaveLength(3);
  });

  test('are not taken for those of a region whose name begins alike', async () => {
    flink.listed.push({ id: 'x', name: 'adtally-a-aggregation-2 0123', state: 'RUNNING', startedAt: 0 });
    const [aggregation] = await applyJobs(JOBS, flink.services);
    expect(aggregation.action).toBe('started');
  });
});

describe('the status of jobs', () => {
  test('tells the rendered version from another, and from none', async () => {
    await applyJobs(JOBS, flink.services);
    flink.end('job-3', 'FAILED');
    flink.reason = 'Exception: once';
    const status = await jobStatus([CHANGED[0], JOBS[1], JOBS[2]], flink);
    expect(status.map(({ state, isCurrent }) => [state, isCurrent])).toEqual([
      ['RUNNING', false],
      ['RUNNING', true],
      ['missing', null],
    ]);
    expect(status[1]).toMatchObject({
      name: NAMES[1],
      jobId: 'job-2',
      failure: 'Exception: once',
      checkpoints: { completed: 3 },
    });
  });
});
