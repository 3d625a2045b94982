import { beforeEach, describe, expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { DAY_MS, SECOND_MS } from '../../../src/base/units.ts';
import { applyJobs } from '../../../src/cluster/jobs/apply-jobs.ts';
import type { JobWish } from '../../../src/cluster/jobs/job-wish.ts';
import { renderRegionJobs } from '../../../src/cluster/region-jobs.ts';
import { Healer, type HealingEvent } from '../../../src/cluster/watch/healer.ts';
import { RetryPauses } from '../../../src/cluster/watch/retry-pauses.ts';
import type { Sample } from '../../../src/cluster/watch/sample.ts';
import { FakeFlink } from '../jobs/fake-flink.ts';
import { jobInput } from '../render/job-input.ts';
import { jobSample, sampleAt, topicSample } from './samples.ts';

const JOBS = renderRegionJobs(jobInput('a'));
const [{ name: NAME }] = JOBS;

let flink: FakeFlink;
let wish: JobWish;
let events: HealingEvent[];
let starts: number;
let startFault: string | null;
let isLocked: boolean;
let keepDays: () => Promise<string[]>;

beforeEach(async () => {
  flink = new FakeFlink();
  wish = { parallelism: 1, areStopped: false, jobs: JOBS };
  events = [];
  starts = 0;
  startFault = null;
  isLocked = false;
  keepDays = () => Promise.resolve([]);
  await applyJobs(JOBS, flink.services);
});

function healer(isRepairing = false): Healer {
  return new Healer(
    {
      wish: () => wish,
      startProcesses: () => {
        starts++;
        return startFault === null
          ? Promise.resolve(['kafka-a'])
          : Promise.reject(new AdtallyError('cluster_failed', startFault));
      },
      locked: (action) => (isLocked ? Promise.reject(new AdtallyError('data_locked', 'busy')) : action()),
      check: () => Promise.resolve(),
      keepDays: () => keepDays(),
      services: flink.services,
      clock: flink.clock,
      report: (event) => events.push(event),
    },
    { isRepairing },
  );
}

/** A sample of what the fake runs, so many seconds on. */
function sample(seconds: number, more: Partial<Sample> = {}): Sample {
  flink.now = Math.max(flink.now, seconds * 1000);
  const jobs = JOBS.map(({ name }) => {
    const running = flink.listed.find((job) => job.name.startsWith(`${name} `) && job.state === 'RUNNING');
    return jobSample({
      name,
      state: running === undefined ? 'missing' : 'RUNNING',
      jobId: running?.id ?? null,
    });
  });
  return sampleAt(seconds, { jobs, ...more });
}

const dead = { processes: [{ name: 'kafka-a', state: 'down' }] } as const;

describe('a job that is gone', () => {
  test('goes on from its newest checkpoint, once it has been missing for a moment, and once only', async () => {
    flink.complete.set(`file:///state/${NAME}`, 'file:///state/x/chk-7');
    flink.end('job-1', 'CANCELED');
    const one = healer();
    for (const second of [100, 103]) await one.heal(sample(second), []);
    expect(events).toEqual([]);
    for (const second of [104, 105, 110, 120]) await one.heal(sample(second), []);
    expect(events).toEqual([
      { event: 'job_started', subject: NAME, detail: 'It goes on from file:///state/x/chk-7.' },
    ]);
    expect(flink.did.filter((did) => did === `start ${NAME}`)).toHaveLength(2);
  });

  test('is not started twice when somebody else has started it meanwhile', async () => {
    flink.end('job-1', 'CANCELED');
    const one = healer();
    await one.heal(sample(100), []);
    const late = sample(104);
    await applyJobs(JOBS, flink.services);
    await one.heal(late, []);
    expect(events).toEqual([]);
    expect(
      flink.listed.filter(({ name, state }) => name.startsWith(`${NAME} `) && state === 'RUNNING'),
    ).toHaveLength(1);
  });

  test('is left alone while jobs are stopped on purpose, while another command is at it, and while Flink is silent', async () => {
    flink.end('job-1', 'CANCELED');
    const one = healer();
    wish = { ...wish, areStopped: true };
    for (const second of [100, 110]) await one.heal(sample(second), []);
    wish = { ...wish, areStopped: false };
    isLocked = true;
    for (const second of [120, 130]) await one.heal(sample(second), []);
    isLocked = false;
    const silent = { silent: [{ name: 'Flink', reason: 'refused' }] };
    for (const second of [140, 150]) await one.heal(sample(second, silent), []);
    expect(events).toEqual([]);
    // Being silent, it said nothing of who is missing.
    await one.heal(sample(151), []);
    expect(events).toEqual([]);
    await one.heal(sample(155), []);
    expect(events.map(({ event }) => event)).toEqual(['job_started']);
  });

  test('that cannot start is tried again after growing pauses', async () => {
    flink.end('job-1', 'FAILED');
    flink.nextState = 'FAILED';
    flink.reason = 'no such state';
    const one = healer();
    const tries: number[] = [];
    for (let second = 100; second <= 160; second++) {
      const before = events.length;
      await one.heal(sample(second), []);
      if (events.length > before) tries.push(second);
    }
    expect(
      events.every(({ event, detail }) => event === 'healing_failed' && detail.includes('no such state')),
    ).toBe(true);
    const pauses = tries.slice(1).map((at, n) => at - tries[n]);
    expect(tries.length).toBeLessThan(9);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses.at(-1)).toBeGreaterThan(15);
  });
});

describe('processes that died', () => {
  test('are started before any job', async () => {
    flink.end('job-1', 'CANCELED');
    const one = healer();
    for (const second of [100, 110]) await one.heal(sample(second, dead), []);
    expect(starts).toBe(2);
    expect(events).toEqual([
      { event: 'server_started', subject: 'kafka-a', detail: 'It had died, and serves again.' },
      { event: 'server_started', subject: 'kafka-a', detail: 'It had died, and serves again.' },
    ]);
  });

  test('and do not come up are reported, and tried again later', async () => {
    startFault = 'Process kafka-a ended while it was starting.';
    const one = healer();
    for (const second of [100, 100.5, 101.5, 102]) await one.heal(sample(second, dead), []);
    expect(events.map(({ event, detail }) => [event, detail])).toEqual([
      ['healing_failed', startFault],
      ['healing_failed', startFault],
    ]);
  });
});

describe('a job whose transaction hangs', () => {
  const more = { topics: [topicSample(7n, 9n, [`${NAME}-clean-0-1`])] };
  const alarms = [{ code: 'transaction_hung', subject: 'a.clean', detail: '' }] as const;

  test('is restarted where that was asked for', async () => {
    flink.complete.set(`file:///state/${NAME}`, 'file:///state/x/chk-7');
    await healer(true).heal(sample(100, more), alarms);
    expect(events.map(({ event, subject }) => [event, subject])).toEqual([['job_restarted', NAME]]);
    expect(flink.listed.filter(({ name }) => name.startsWith(`${NAME} `)).map(({ state }) => state)).toEqual([
      'CANCELED',
      'RUNNING',
    ]);
  });

  test('is left to run where it was not', async () => {
    await healer(false).heal(sample(100, more), alarms);
    expect(events).toEqual([]);
  });
});

describe('the days of the table of touches', () => {
  /** What `sampleAt(0)` is of its day, in seconds. */
  const OF_DAY = (1_800_000_000_000 % DAY_MS) / SECOND_MS;
  const MIDNIGHT = DAY_MS / SECOND_MS - OF_DAY;

  test('are looked at once at the start, and again as a day begins', async () => {
    let looks = 0;
    keepDays = () => Promise.resolve([[], ['add day touches_x', 'drop day touches_y'], []][looks++]);
    const one = healer();
    for (const second of [100, 105, MIDNIGHT - 1]) await one.heal(sample(second), []);
    expect([looks, events]).toEqual([1, []]);
    for (const second of [MIDNIGHT, MIDNIGHT + 5]) await one.heal(sample(second), []);
    const detail = 'add day touches_x, drop day touches_y.';
    expect([looks, events]).toEqual([2, [{ event: 'days_changed', subject: 'touches', detail }]]);
    await one.heal(sample(MIDNIGHT + DAY_MS / SECOND_MS), []);
    expect(looks).toBe(3);
  });

  test('are tried again while the database is away, and wait for other commands', async () => {
    keepDays = () => Promise.reject(new AdtallyError('cluster_unreachable', 'PostgreSQL does not answer.'));
    const one = healer();
    for (const second of [100, 100.5, 101.5]) await one.heal(sample(second), []);
    expect(events.map(({ event, detail }) => [event, detail])).toEqual([
      ['healing_failed', 'PostgreSQL does not answer.'],
      ['healing_failed', 'PostgreSQL does not answer.'],
    ]);
    keepDays = () => Promise.reject(new AdtallyError('data_locked', 'busy'));
    await one.heal(sample(110), []);
    keepDays = () => Promise.resolve(['add day touches_x']);
    for (const second of [115, 120]) await one.heal(sample(second), []);
    expect(events.slice(2).map(({ event }) => event)).toEqual(['days_changed']);
  });

  test('do not keep a job from being started', async () => {
    keepDays = () => Promise.reject(new AdtallyError('cluster_unreachable', 'PostgreSQL does not answer.'));
    flink.end('job-1', 'CANCELED');
    const one = healer();
    for (const second of [100, 104]) await one.heal(sample(second), []);
    expect(events.map(({ event }) => event)).toContain('job_started');
  });
});

test('pauses grow to a minute, and are short again after a minute of health', () => {
  const pauses = new RetryPauses();
  const lengths = Array.from({ length: 8 }, () => {
    pauses.tried('x', 0);
    return [1, 2, 4, 8, 16, 32, 60, 61].find((second) => pauses.isDue('x', second * 1000));
  });
  expect(lengths).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(pauses.isDue('y', 0)).toBe(true);
  pauses.well('x', 100_000);
  pauses.well('x', 159_000);
  pauses.tried('x', 159_000);
  expect(pauses.isDue('x', 200_000)).toBe(false);
  pauses.well('x', 300_000);
  pauses.well('x', 360_000);
  pauses.tried('x', 360_000);
  expect(pauses.isDue('x', 361_000)).toBe(true);
});
