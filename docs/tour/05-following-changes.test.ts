import { expect, test } from 'vitest';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { Stage, click, impression } from './stage.ts';

/** A copy of the records somewhere else, in a warehouse say. It knows one rule: the highest revision of a record wins. */
class Copy {
  readonly records = new Map<string, AdMinute>();
  cursor: string | undefined;

  take(records: readonly AdMinute[]): void {
    for (const record of records) {
      const held = this.records.get(record.recordId);
      if (held === undefined || held.revision < record.revision) this.records.set(record.recordId, record);
    }
  }

  /** Reads the change feed from where it stopped, two records at a time. */
  follow({ region }: Stage): void {
    for (;;) {
      const page = region.changedAdMinutes(this.cursor, 2);
      this.take(page.records);
      this.cursor = page.cursor;
      if (page.caughtUp) return;
    }
  }

  /** In the order of the records' names, so that two copies can be compared. */
  list(): AdMinute[] {
    return sorted([...this.records.values()]);
  }
}

const sorted = (records: readonly AdMinute[]): AdMinute[] =>
  records.toSorted((a, b) => (a.recordId < b.recordId ? -1 : 1));

/**
 * Chapter 5. Budgets, warehouses and dashboards follow the records as they change. The region remembers nothing about them: a
 * follower that is slow, or was away for a day, costs it nothing.
 */
test('a follower ends with the same records, whenever it looks', async () => {
  await using stage = await Stage.open();
  const copy = new Copy();

  await stage.send(
    impression('e-1'),
    impression('e-2', { adId: 'cappuccino' }),
    impression('e-3', { adId: 'mocha' }),
  );
  copy.follow(stage);
  await stage.send(click('e-4'), impression('e-5', { adId: 'mocha' }), click('e-6'));
  copy.follow(stage);

  expect(copy.list()).toEqual(sorted(stage.records()));
});

/** The feed tells what there is, not what happened: of a record that changed a hundred times it sends the last version, once. */
test('a follower that was away gets one version of each record', async () => {
  await using stage = await Stage.open();
  const copy = new Copy();
  await stage.send(impression('e-0'));
  copy.follow(stage);

  for (let n = 1; n <= 100; n++) await stage.send(impression(`e-${n}`));

  const { records, caughtUp } = stage.region.changedAdMinutes(copy.cursor, 1000);
  expect(records).toMatchObject([{ impressions: 101, revision: 101 }]);
  expect(caughtUp).toBe(true);
});

/** A cursor outlives the process that gave it. */
test('a cursor is good after a crash', async () => {
  await using stage = await Stage.open();
  const copy = new Copy();
  await stage.send(impression('e-1'), impression('e-2', { adId: 'cappuccino' }));
  copy.follow(stage);

  await stage.startFrom(await stage.pullThePlug());
  await stage.send(click('e-3'));

  expect(stage.region.changedAdMinutes(copy.cursor, 10).records).toMatchObject([
    { adId: 'espresso', clicks: 1 },
  ]);
});

/** So a message may be lost, come twice, or overtake another one. The copy is right in the end. */
test('old messages do no harm', async () => {
  await using stage = await Stage.open();
  const copy = new Copy();
  await stage.send(impression('e-1'));
  const old = stage.records();
  await stage.send(click('e-2'));
  copy.follow(stage);

  copy.take(old);

  expect(copy.list()).toEqual(stage.records());
});
