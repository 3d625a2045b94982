import { afterEach, expect, test } from 'vitest';
import { HttpPinotController } from '../../../src/adapters/pinot/pinot-controller.ts';
import { FakePinot, type PinotAnswers } from './fake-pinot.ts';

let pinot: FakePinot | undefined;
afterEach(async () => {
  await pinot?.stop();
  pinot = undefined;
});

async function controller(answers: PinotAnswers): Promise<HttpPinotController> {
  pinot = await FakePinot.start(answers);
  return new HttpPinotController({ url: pinot.url, timeoutMs: 2000 });
}

const asking = (): string[] => pinot!.requests.map(({ method, path }) => `${method} ${path}`);

test('what there is of a table, and what there is not', async () => {
  const asked = await controller(({ path }) => {
    if (path === '/schemas/known') return [200, '{"schemaName":"known"}'];
    if (path === '/tables/known') return [200, '{"REALTIME":{"tableName":"known_REALTIME","x":1}}'];
    if (path.startsWith('/tables/')) return [200, '{}'];
    return [404, '{"code":404,"error":"Schema not found"}'];
  });
  expect(await asked.schema('known')).toEqual({ schemaName: 'known' });
  expect(await asked.table('known')).toEqual({ tableName: 'known', x: 1 });
  expect(await asked.schema('none')).toBeUndefined();
  expect(await asked.table('none')).toBeUndefined();
});

test('each change is asked for where Pinot takes it', async () => {
  const asked = await controller(({ path }) => [200, path.endsWith('Commit') ? '' : '{"status":"done"}']);
  await asked.createSchema({ schemaName: 't' });
  await asked.updateSchema('t', { schemaName: 't' });
  await asked.createTable({ tableName: 't' });
  await asked.updateTable('t', { tableName: 't' });
  await asked.reload('t');
  await asked.pause('t');
  await asked.resume('t');
  await asked.forceCommit('t');
  expect(asking()).toEqual([
    'POST /schemas',
    'PUT /schemas/t',
    'POST /tables',
    'PUT /tables/t',
    'POST /segments/t_REALTIME/reload',
    'POST /tables/t_REALTIME/pauseConsumption',
    'POST /tables/t_REALTIME/resumeConsumption',
    'POST /tables/t_REALTIME/forceCommit',
  ]);
  expect(pinot!.requests[2].body).toBe('{"tableName":"t"}');
});

test('segments, partitions and size', async () => {
  const asked = await controller(({ path }) => {
    if (path.endsWith('/externalview'))
      return [200, '{"OFFLINE":null,"REALTIME":{"t__0__1__z":{"s1":"ONLINE"}}}'];
    if (path.endsWith('/size')) return [200, '{"reportedSizeInBytes":12}'];
    if (path === '/tables') return [200, '{"tables":["t"]}'];
    const server = {
      serverName: 's1',
      consumerState: 'CONSUMING',
      partitionToOffsetMap: { 0: '9007199254740993' },
    };
    // As of 1.0.
    const later = {
      ...server,
      partitionToOffsetMap: undefined,
      partitionOffsetInfo: { currentOffsetsMap: { 2: '5' } },
    };
    const silent = { ...server, partitionToOffsetMap: { 1: 'null' } };
    return [
      200,
      JSON.stringify({
        _segmentToConsumingInfoMap: { t__0__2__z: [server], t__1__2__z: [silent], t__2__2__z: [later] },
      }),
    ];
  });
  expect(await asked.tables()).toEqual(['t']);
  expect(await asked.segments('t')).toEqual([{ name: 't__0__1__z', states: { s1: 'ONLINE' } }]);
  expect(await asked.sizeBytes('t')).toBe(12);
  expect(await asked.consumed('t')).toEqual([
    { partition: 0, segment: 't__0__2__z', state: 'CONSUMING', offset: 9007199254740993n },
    { partition: 1, segment: 't__1__2__z', state: 'CONSUMING', offset: null },
    { partition: 2, segment: 't__2__2__z', state: 'CONSUMING', offset: 5n },
  ]);
});

test('a refusal says what Pinot said; silence says that it is silent', async () => {
  const asked = await controller(() => [400, '{"code":400,"error":"Invalid table config\\n at x"}']);
  await expect(asked.createTable({})).rejects.toMatchObject({
    code: 'store_failed',
    message: 'Pinot’s controller answers 400 to /tables: Invalid table config',
  });
  await pinot!.stop();
  pinot = undefined;
  await expect(asked.tables()).rejects.toMatchObject({ code: 'reporting_unavailable' });
});
