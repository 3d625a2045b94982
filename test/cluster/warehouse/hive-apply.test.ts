import { beforeEach, describe, expect, test } from 'vitest';
import { applyHive, hiveSteps, type HiveStep } from '../../../src/cluster/warehouse/hive-apply.ts';
import { hiveObjects } from '../../../src/cluster/warehouse/hive-objects.ts';
import { FakeHive } from './fake-hive.ts';

const WANTED = hiveObjects('file:///data/warehouse');
const MOVED = hiveObjects('file:///elsewhere');

let hive: FakeHive;
beforeEach(() => {
  hive = new FakeHive();
});

const told = (steps: readonly HiveStep[]): string[] =>
  steps.map(({ action, kind, name }) => `${action} ${kind} ${name}`);

describe('what Hive is brought to', () => {
  test('is made where it is missing, and nothing is done the second time', async () => {
    const steps = told(await applyHive(hive, WANTED));
    expect(steps).toEqual([
      'create database warehouse',
      'create table warehouse.ad_minutes_files',
      'create table warehouse.attributed_orders_files',
      'create view warehouse.ad_minutes',
      'create view warehouse.attributed_orders',
      'create view warehouse.ad_hours',
      'create view warehouse.ad_6h',
      'create view warehouse.ad_days',
    ]);
    const did = hive.did.length;
    expect(await applyHive(hive, WANTED)).toEqual([]);
    expect(hive.did.length).toBe(did);
  });

  test('is planned without a change', async () => {
    expect(await hiveSteps(hive, WANTED)).toHaveLength(8);
    expect(hive.did).toEqual([]);
  });

  test('goes on where it was cut off, wherever that was', async () => {
    for (let changes = 0; changes < 10; changes++) {
      hive = new FakeHive();
      hive.failAt = changes;
      await expect(applyHive(hive, WANTED)).rejects.toMatchObject({
        code: 'store_failed',
        message: expect.stringMatching(/^Hive does not make the \w+ warehouse[.\w]*: SemanticException/),
      });
      hive.failAt = Infinity;
      await applyHive(hive, WANTED);
      expect(await hiveSteps(hive, WANTED)).toEqual([]);
    }
  });

  test('has its tables made anew when the files are elsewhere, and its views left alone', async () => {
    await applyHive(hive, WANTED);
    expect(told(await applyHive(hive, MOVED))).toEqual([
      'replace table warehouse.ad_minutes_files',
      'replace table warehouse.attributed_orders_files',
    ]);
  });

  test('takes the place of what somebody made by hand', async () => {
    await applyHive(hive, WANTED);
    hive.digests.set('ad_hours', null);
    expect(told(await applyHive(hive, WANTED))).toEqual(['replace view warehouse.ad_hours']);
  });
});
