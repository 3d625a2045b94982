import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FlinkJobManager } from '../../../src/adapters/flink/flink-jobs.ts';
import { FlinkSqlGateway } from '../../../src/adapters/flink/flink-sql-gateway.ts';

type Answer = readonly [status: number, json: unknown];

/** Answers of Flink by `METHOD path`; the last of several stays. Those that were asked for are noted with their bodies. */
let answers: Record<string, Answer[]>;
let asked: { readonly call: string; readonly body: unknown }[];
let server: Server;
let url: string;

beforeEach(async () => {
  answers = {};
  asked = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const call = `${request.method} ${request.url}`;
      asked.push({ call, body: text === '' ? null : (JSON.parse(text) as unknown) });
      const queue = answers[call] ?? [[404, { errors: ['Not found.'] }]];
      const [status, json] = queue.length > 1 ? queue.shift()! : queue[0];
      response.writeHead(status).end(typeof json === 'string' ? json : JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const TRACE = [
  'Internal server error.',
  "<Exception on server side:\norg.apache.flink.table.gateway.service.utils.SqlExecutionException: Failed to execute\n\tat x.Y.z(Y.java:1)\nCaused by: org.apache.flink.table.api.ValidationException: SQL validation failed. From line 1\n\tat a.B.c\nCaused by: org.apache.calcite.sql.validate.SqlValidatorException: Column 'x' not found in any table\n\t... 25 more\n>",
];

describe('the SQL gateway', () => {
  beforeEach(() => {
    answers['POST /v3/sessions'] = [[200, { sessionHandle: 's' }]];
    answers['POST /v3/sessions/s/statements'] = [[200, { operationHandle: 'o' }]];
    answers['DELETE /v3/sessions/s'] = [[200, { status: 'CLOSED' }]];
  });
  const RESULT = 'GET /v3/sessions/s/operations/o/result/0?rowFormat=JSON';

  test('runs statements in a session with the settings, and closes it', async () => {
    answers[RESULT] = [
      [200, { resultType: 'NOT_READY', nextResultUri: '/x' }],
      [
        200,
        {
          resultType: 'PAYLOAD',
          jobID: 'j',
          results: { data: [{ fields: ['a', null, 3] }] },
          nextResultUri: '/v3/next',
        },
      ],
    ];
    answers['GET /v3/next'] = [[200, { resultType: 'EOS', results: { data: [] } }]];
    const outcome = await new FlinkSqlGateway(`${url}/`).run({ 'parallelism.default': '2' }, ['INSERT']);
    expect(outcome).toEqual({ jobId: 'j', rows: [['a', null, '3']] });
    expect(asked[0]).toEqual({
      call: 'POST /v3/sessions',
      body: { properties: { 'parallelism.default': '2' } },
    });
    expect(asked.at(-1)!.call).toBe('DELETE /v3/sessions/s');
  });

  test('finds the error in the result, names its deepest cause, and still closes the session', async () => {
    answers[RESULT] = [[500, { errors: TRACE }]];
    const run = new FlinkSqlGateway(url).run({}, ['CREATE TEMPORARY VIEW x AS SELECT 1', 'never run']);
    await expect(run).rejects.toMatchObject({
      code: 'job_failed',
      message:
        'Flink refuses "CREATE TEMPORARY VIEW x AS SELECT 1…": SqlValidatorException: Column \'x\' not found in any table.',
    });
    expect(asked.filter(({ call }) => call.endsWith('/statements'))).toHaveLength(1);
    expect(asked.at(-1)!.call).toBe('DELETE /v3/sessions/s');
  });

  test('says so when it opens no session', async () => {
    answers['POST /v3/sessions'] = [[500, { errors: ['Too many sessions.'] }]];
    await expect(new FlinkSqlGateway(url).run({}, [])).rejects.toThrow(
      'opened no session: Too many sessions',
    );
  });
});

/** The call that asks for these metrics of a vertex. */
function metricsCall(vertex: string, ...ids: string[]): string {
  return `GET /jobs/j/vertices/${vertex}/subtasks/metrics?get=${ids.map(encodeURIComponent).join(',')}&agg=sum`;
}

function ofVerdicts(operator: number): string[] {
  return ['failed', 'pending'].map((count) => `verdicts[${operator}]__Committer.${count}Committables`);
}

describe('the JobManager', () => {
  test('lists jobs, checkpoints, failures and settings', async () => {
    answers['GET /jobs/overview'] = [
      [200, { jobs: [{ jid: 'j', name: 'n d', state: 'RUNNING', 'start-time': 7 }] }],
    ];
    answers['GET /jobs/j/checkpoints'] = [
      [
        200,
        {
          counts: { completed: 4, failed: 1 },
          latest: {
            completed: { latest_ack_timestamp: 9 },
            restored: { restore_timestamp: 3, external_path: 'file:/c' },
          },
        },
      ],
      [200, { counts: {}, latest: { completed: null, restored: null } }],
      [500, { errors: ['Internal server error.'] }],
    ];
    answers['GET /jobs/j/exceptions?maxExceptions=1'] = [
      [200, { exceptionHistory: { entries: [{ exceptionName: 'x.Y', stacktrace: TRACE[1] }] } }],
      [200, {}],
    ];
    answers['GET /jobmanager/config'] = [[200, [{ key: 'a', value: 'b' }]]];
    const flink = new FlinkJobManager(url);
    expect(await flink.jobs()).toEqual([{ id: 'j', name: 'n d', state: 'RUNNING', startedAt: 7 }]);
    expect(await flink.checkpoints('j')).toEqual({
      completed: 4,
      failed: 1,
      latestAt: 9,
      restored: { at: 3, from: 'file:/c' },
    });
    expect(await flink.checkpoints('j')).toEqual({
      completed: 0,
      failed: 0,
      latestAt: null,
      restored: null,
    });
    // So Flink answers of a job that it is just setting up.
    expect(await flink.checkpoints('j')).toMatchObject({ completed: 0, latestAt: null });
    expect(await flink.failure('j')).toBe("SqlValidatorException: Column 'x' not found in any table");
    expect(await flink.failure('j')).toBeNull();
    expect([await flink.setting('a'), await flink.setting('c')]).toEqual(['b', undefined]);
  });

  test('says what it has room for, how wide a job is, and what its committers could not commit', async () => {
    answers['GET /overview'] = [[200, { 'flink-version': '2.3.0', 'slots-total': 6, 'slots-available': 3 }]];
    const written =
      'GroupAggregate[3] -> Calc[4] -> (clean[5]: Writer -> clean[5]: Committer, verdicts[6]: Writer -> verdicts[6]: Committer)';
    answers['GET /jobs/j'] = [
      [
        200,
        {
          vertices: [
            { id: 'v1', name: 'Source: events -> Calc[1]', parallelism: 2, 'start-time': 9 },
            { id: 'v2', name: written, parallelism: 1, 'start-time': 5 },
            {
              id: 'v3',
              name: 'verdicts[9]: Writer -> verdicts[9]: Committer',
              parallelism: 1,
              'start-time': 7,
            },
          ],
        },
      ],
    ];
    const ofClean = ['clean[5]__Committer.failedCommittables', 'clean[5]__Committer.pendingCommittables'];
    answers[metricsCall('v2', ...ofClean, ...ofVerdicts(6))] = [
      [
        200,
        [
          { id: ofClean[0], sum: 2 },
          { id: ofClean[1], sum: 1 },
          { id: ofVerdicts(6)[0], sum: 3 },
        ],
      ],
    ];
    // A task that begins has none yet.
    answers[metricsCall('v3', ...ofVerdicts(9))] = [[200, [{ id: ofVerdicts(9)[0], sum: 4 }]]];
    const flink = new FlinkJobManager(url);
    expect(await flink.overview()).toEqual({ version: '2.3.0', slots: 6, freeSlots: 3 });
    expect(await flink.parallelism('j')).toBe(2);
    expect(await flink.committers('j')).toEqual([
      { sink: 'clean', startedAt: 5, failed: 2, pending: 1 },
      { sink: 'verdicts', startedAt: 7, failed: 7, pending: 0 },
    ]);
  });

  test('stops a job with a savepoint, when it is written', async () => {
    answers['POST /jobs/j/stop'] = [[202, { 'request-id': 't' }]];
    answers['GET /jobs/j/savepoints/t'] = [
      [200, { status: { id: 'IN_PROGRESS' } }],
      [200, { status: { id: 'COMPLETED' }, operation: { location: 'file:/s' } }],
    ];
    expect(await new FlinkJobManager(url).stopWithSavepoint('j', 'file:/d')).toBe('file:/s');
    expect(asked[0].body).toEqual({ targetDirectory: 'file:/d', drain: false });
  });

  test('says why a job cannot be stopped', async () => {
    answers['POST /jobs/j/stop'] = [
      [202, { 'request-id': 't' }],
      [404, { errors: ['Job j not found'] }],
    ];
    const cause = {
      'stack-trace': 'x.CompletionException: no\nCaused by: x.CheckpointException: Not all tasks run.\n',
    };
    answers['GET /jobs/j/savepoints/t'] = [
      [200, { status: { id: 'COMPLETED' }, operation: { 'failure-cause': cause } }],
    ];
    const flink = new FlinkJobManager(url);
    await expect(flink.stopWithSavepoint('j', 'd')).rejects.toThrow(
      'with a savepoint: CheckpointException: Not all tasks run.',
    );
    await expect(flink.stopWithSavepoint('j', 'd')).rejects.toThrow(
      'Job j cannot be stopped: Job j not found.',
    );
  });

  test('cancels a job, or says why not', async () => {
    answers['PATCH /jobs/j?mode=cancel'] = [
      [202, ''],
      [409, { errors: ['It has ended'] }],
    ];
    const flink = new FlinkJobManager(url);
    await flink.cancel('j');
    await expect(flink.cancel('j')).rejects.toThrow('Job j cannot be cancelled: It has ended.');
  });

  test('is said to be out of reach when it is', async () => {
    server.close();
    server.closeAllConnections();
    await expect(new FlinkJobManager(url).jobs()).rejects.toMatchObject({
      code: 'cluster_unreachable',
      message: expect.stringContaining("Flink's JobManager at http://127.0.0.1:") as string,
    });
  });
});
