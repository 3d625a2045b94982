import { describe, expect, test } from 'vitest';
import { AlarmBoard, type Alarm } from '../../../src/cluster/watch/alarm.ts';
import { AlarmRules } from '../../../src/cluster/watch/alarm-rules.ts';
import type { Sample } from '../../../src/cluster/watch/sample.ts';
import { checkpoints, jobSample, sampleAt, topicSample } from './samples.ts';

const JOB = 'adtally-a-aggregation';

/** The alarms of each sample, as `code subject`. */
function judged(samples: readonly Sample[]): string[][] {
  const rules = new AlarmRules();
  return samples.map((sample) => names(rules.judge(sample, [])));
}

function names(alarms: readonly Alarm[]): string[] {
  return alarms.map(({ code, subject }) => `${code} ${subject}`);
}

/** Samples of something that is so at each of these seconds. */
function lasting(seconds: readonly number[], more: (at: number) => Partial<Sample>): Sample[] {
  return seconds.map((second) => sampleAt(second, more(sampleAt(second).at)));
}

type More = (at: number) => Partial<Sample>;

function aged(ms: number, checkpointIntervalMs: number): More {
  return (at) => ({ jobs: [jobSample({ checkpointIntervalMs, checkpoints: checkpoints(at - ms) })] });
}

function behind(lagMessages: number): More {
  return (at) => ({ jobs: [jobSample({ lagMessages, checkpoints: checkpoints(at) })] });
}

function waiting(at: number): Partial<Sample> {
  const committers = [{ sink: 'clean', startedAt: 0, failed: 0, pending: 2, transactionTimeoutMs: 900_000 }];
  return { jobs: [jobSample({ committers, checkpoints: checkpoints(at) })] };
}

describe('there is no alarm', () => {
  test('while all is well', () => {
    expect(judged(lasting([0, 30, 60, 120], () => ({})))).toEqual([[], [], [], []]);
  });

  test('for what is over before it has lasted', () => {
    const down = { processes: [{ name: 'kafka-a', state: 'down' }] } as const;
    const up = { processes: [{ name: 'kafka-a', state: 'ready' }] } as const;
    const found = judged([sampleAt(0, down), sampleAt(10, up), sampleAt(12, down), sampleAt(20, down)]);
    expect(found.flat()).toEqual([]);
  });

  test('for a topic that is written without a pause: its last stable offset moves', () => {
    const found = judged(
      [0, 30, 60, 90, 120].map((at) => sampleAt(at, { topics: [topicSample(BigInt(at), BigInt(at + 9))] })),
    );
    expect(found.flat()).toEqual([]);
  });
});

describe('there is an alarm for', () => {
  test('a job that does not run, with the reason', () => {
    const jobs = [jobSample({ state: 'RESTARTING', failure: 'IOException: disk full' })];
    const rules = new AlarmRules();
    expect(rules.judge(sampleAt(0, { jobs }), [])).toEqual([]);
    const [alarm] = rules.judge(sampleAt(15, { jobs }), []);
    expect(alarm).toEqual({
      code: 'job_down',
      subject: JOB,
      detail: 'It is RESTARTING: IOException: disk full.',
    });
  });

  test('a job that runs twice, at once', () => {
    expect(judged([sampleAt(0, { jobs: [jobSample({ copies: 2 })] })])).toEqual([[`job_twice ${JOB}`]]);
  });

  test('a checkpoint that is old, by the interval of the job', () => {
    expect(judged(lasting([0], aged(60_000, 1000)))).toEqual([[]]);
    expect(judged(lasting([0], aged(61_000, 1000)))).toEqual([[`checkpoint_old ${JOB}`]]);
    expect(judged(lasting([0], aged(61_000, 60_000)))).toEqual([[]]);
    expect(judged(lasting([0], aged(601_000, 60_000)))).toEqual([[`checkpoint_old ${JOB}`]]);
  });

  test('a job that never had one, for as long as it runs', () => {
    const jobs = [jobSample({ checkpoints: { ...checkpoints(0), latestAt: null, completed: 0 } })];
    expect(judged([sampleAt(59, { jobs }), sampleAt(61, { jobs })])).toEqual([[], [`checkpoint_old ${JOB}`]]);
  });

  test('checkpoints that fail one after the other, not for those that failed before', () => {
    const counts = [
      [5, 10],
      [6, 11],
      [6, 13],
      [6, 14],
      [7, 14],
    ] as const;
    const samples = counts.map(([completed, failed], second) => {
      const { at } = sampleAt(second);
      return sampleAt(second, { jobs: [jobSample({ checkpoints: checkpoints(at, completed, failed) })] });
    });
    expect(judged(samples)).toEqual([[], [], [], [`checkpoints_failing ${JOB}`], []]);
  });

  test('commits that wait', () => {
    expect(judged(lasting([0, 59, 60], waiting))).toEqual([[], [], [`commits_pending ${JOB} clean`]]);
  });

  test('a transaction that holds up readers, and whose it is', () => {
    const topics = [topicSample(7n, 9n, ['adtally-a-aggregation-clean-0'])];
    const rules = new AlarmRules();
    expect(rules.judge(sampleAt(0, { topics }), [])).toEqual([]);
    const [alarm] = rules.judge(sampleAt(60, { topics }), []);
    expect(names([alarm])).toEqual(['transaction_hung a.clean']);
    expect(alarm.detail).toBe(
      'Readers of committed messages stand in partition 0 at offset 7. Open there: adtally-a-aggregation-clean-0.',
    );
  });

  test('a job that is far behind, and stays so', () => {
    expect(judged(lasting([0, 60], behind(99_999))).flat()).toEqual([]);
    expect(judged(lasting([0, 60], behind(100_000)))).toEqual([[], [`source_behind ${JOB}`]]);
  });

  test('messages that Kafka has deleted before they were read', () => {
    expect(judged([sampleAt(0, { jobs: [jobSample({ missedMessages: 3 })] })])).toEqual([
      [`messages_missed ${JOB}`],
    ]);
  });

  test('a process that is down or mute, and a server that is silent', () => {
    const more = {
      processes: [
        { name: 'kafka-a', state: 'down' },
        { name: 'taskmanager', state: 'starting' },
      ],
      silent: [{ name: 'Flink', reason: 'refused' }],
      jobs: [],
    } as const;
    expect(judged(lasting([0, 15], () => more))).toEqual([
      [],
      ['server_down kafka-a', 'server_down taskmanager', 'server_silent Flink'],
    ]);
  });

  test('every loss that is not repaired', () => {
    const loss = {
      job: JOB,
      run: 'job-1 0',
      ofRun: 2,
      sink: 'clean',
      transactions: 2,
      isDoubtful: false,
      noticedAt: 0,
    };
    const [alarm] = new AlarmRules().judge(sampleAt(0), [loss]);
    expect(names([alarm])).toEqual([`commits_failed ${JOB} clean`]);
    expect(alarm.detail).toContain('2 of its transactions');
  });
});

test('the board says once that an alarm begins, since when it stands, and once that it is over', () => {
  const board = new AlarmBoard();
  const alarm: Alarm = { code: 'job_down', subject: JOB, detail: 'It is FAILED.' };
  expect(board.update([alarm], 5)).toEqual({ raised: [{ ...alarm, since: 5 }], over: [] });
  const worse = { ...alarm, detail: 'It is missing.' };
  expect(board.update([worse], 6)).toEqual({ raised: [], over: [] });
  expect(board.standing).toEqual([{ ...worse, since: 5 }]);
  expect(board.update([], 7)).toEqual({ raised: [], over: [{ ...worse, since: 5 }] });
  expect(board.standing).toEqual([]);
});
