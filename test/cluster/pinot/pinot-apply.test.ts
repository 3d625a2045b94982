import { beforeEach, describe, expect, test } from 'vitest';
import { applyPinot, pinotSteps } from '../../../src/cluster/pinot/pinot-apply.ts';
import type { PinotController } from '../../../src/cluster/pinot/ports.ts';
import { pinotTables, type JsonObject } from '../../../src/cluster/render/pinot-tables.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import { FakeController } from './fake-controller.ts';

const spec = resolveSpec({ regions: ['a', 'b'] }, { environment: {}, flags: {} });
const OPTIONS = { region: 'a', kafka: 'kafka:9092', dialect: '0.11', replication: 1 } as const;
const WANTED = pinotTables(spec, OPTIONS);
const [MINUTES] = WANTED;

let fake: FakeController;
let controller: PinotController;
beforeEach(() => {
  fake = new FakeController();
  controller = fake as unknown as PinotController;
});

const planned = async (wanted = WANTED): Promise<string[]> =>
  (await pinotSteps(controller, wanted)).map(({ action, table, changes }) =>
    [action, table, ...changes].join(' | '),
  );

test('makes what is missing, and does nothing the second time', async () => {
  expect(await planned()).toEqual([
    'create schema | ad_minutes',
    'create table | ad_minutes',
    'create schema | attributed_orders',
    'create table | attributed_orders',
  ]);
  await applyPinot(controller, WANTED);
  expect(await applyPinot(controller, WANTED)).toEqual([]);
});

test('goes on where it was cut off, wherever that was', async () => {
  for (let changes = 0; changes < 4; changes++) {
    fake = new FakeController();
    controller = fake as unknown as PinotController;
    fake.failAt = changes;
    await expect(applyPinot(controller, WANTED)).rejects.toThrow(/cut off/);
    fake.failAt = Infinity;
    await applyPinot(controller, WANTED);
    expect(fake.log).toEqual(['create schema', 'create table', 'create schema', 'create table']);
  }
});

test('what Pinot fills in by itself is no difference', async () => {
  await applyPinot(controller, WANTED);
  const { config } = MINUTES;
  fake.configs.set('ad_minutes', { ...config, tenants: { broker: 'DefaultTenant' }, isDimTable: false });
  const schema = JSON.stringify(fake.schemas.get('attributed_orders'));
  const without = schema.replace('"maxLength":1048576,"defaultNullValue":"null"', '"maxLength":1048576');
  fake.schemas.set('attributed_orders', JSON.parse(without) as JsonObject);
  expect(without).not.toBe(schema);
  expect(await planned()).toEqual([]);
});

test('a setting that differs is put right, and reaches the segments there are', async () => {
  await applyPinot(controller, WANTED);
  const longer = resolveSpec({ retention: { orders: '60d' } }, { environment: {}, flags: {} });
  expect(await planned(pinotTables({ ...longer, regions: ['a'] }, OPTIONS))).toEqual([
    'update table | ad_minutes | segmentsConfig.retentionTimeValue: "31" → "61"',
    'reload segments | ad_minutes',
    'update table | attributed_orders | segmentsConfig.retentionTimeValue: "31" → "61"',
    'reload segments | attributed_orders',
  ]);
});

test('a table that was set to forget keys is put right', async () => {
  await applyPinot(controller, WANTED);
  const upsertConfig = { ...(MINUTES.config['upsertConfig'] as JsonObject), metadataTTL: 86400 };
  fake.configs.set('ad_minutes', { ...MINUTES.config, upsertConfig });
  expect((await planned())[0]).toBe('update table | ad_minutes | upsertConfig.metadataTTL: 86400 → none');
});

test('a new column comes before the table that reads it', async () => {
  await applyPinot(controller, WANTED);
  const metrics = MINUTES.schema['metricFieldSpecs'] as readonly JsonObject[];
  fake.schemas.set('ad_minutes', { ...MINUTES.schema, metricFieldSpecs: metrics.slice(1) });
  expect(await planned()).toEqual([
    'update schema | ad_minutes | impressions: none → new',
    'reload segments | ad_minutes',
  ]);
});

const change = (place: 'schemas' | 'configs', text: string, by: string): void => {
  const old = JSON.stringify(fake[place].get('ad_minutes'));
  expect(old).toContain(text);
  fake[place].set('ad_minutes', JSON.parse(old.replace(text, by)) as JsonObject);
};

describe('what cannot change under rows is refused before anything is done', () => {
  test.for([
    ['schemas', '"record_id","dataType":"STRING"', '"record_id","dataType":"BYTES"'],
    ['schemas', '"primaryKeyColumns":["record_id"]', '"primaryKeyColumns":["ad_id"]'],
    ['schemas', '{"name":"ad_id","dataType":"STRING"}', '{"name":"ad","dataType":"STRING"}'],
    ['configs', '"comparisonColumn":"revision"', '"comparisonColumn":"minute"'],
    ['configs', '"hashFunction":"MURMUR3",', ''],
    ['configs', 'a.load.ad-minutes', 'b.load.ad-minutes'],
  ] as const)('%s with %s', async ([place, text, by]) => {
    await applyPinot(controller, WANTED);
    change(place, text, by);
    const before = fake.log.length;
    await expect(applyPinot(controller, WANTED)).rejects.toMatchObject({ code: 'store_failed' });
    expect(fake.log).toHaveLength(before);
  });
});
