import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MINUTE_MS } from '../../../src/base/units.ts';
import { Cells } from '../../../src/embedded/state/cells.ts';
import { ChangeLog } from '../../../src/embedded/state/change-log.ts';
import { DimensionTable } from '../../../src/embedded/state/dimension-table.ts';
import { CELL_DOUBLES, CHANGE } from '../../../src/embedded/state/minute-cells.ts';

/** A change log over bare cells, beside the plainest model of it: the last change of each cell. */
class Subject {
  readonly cells = new Cells('a', new DimensionTable(1));
  readonly log = new ChangeLog(this.cells);
  readonly model = new Map<string, number>();
  change = 0;

  touch(minute: number, key: number): void {
    const cells = this.cells.minuteAt(minute * MINUTE_MS);
    const found = cells.find(key);
    const row = found === -1 ? cells.add(key, key) : found;
    cells.doubles[row * CELL_DOUBLES + CHANGE] = ++this.change;
    this.log.append(this.change, cells.minute, row);
    this.model.set(`${cells.minute}/${row}`, this.change);
  }

  expected(after: number): [string, number][] {
    return [...this.model].filter(([, change]) => change > after).toSorted((a, b) => a[1] - b[1]);
  }

  actual(after: number): [string, number][] {
    return [...this.log.after(after)].map(({ change, minute, row }) => [`${minute}/${row}`, change]);
  }
}

describe('the change log', () => {
  test('gives the last change of every cell changed after a cursor, oldest first', () => {
    const touch = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 30 }));
    fc.assert(
      fc.property(fc.array(touch, { maxLength: 200 }), fc.nat(220), (touches, after) => {
        const subject = new Subject();
        for (const [minute, key] of touches) subject.touch(minute, key);
        expect(subject.actual(after)).toEqual(subject.expected(after));
      }),
    );
  });

  test('stays right and small over a hundred thousand changes of hot and cold cells', () => {
    const subject = new Subject();
    for (let n = 0; n < 100_000; n++)
      subject.touch(1 + (n % 97 === 0 ? n % 50 : 0), n % 97 === 0 ? n : n % 1000);
    for (const after of [0, 1, 50_000, 99_000, 99_999, 100_000]) {
      expect(subject.actual(after)).toEqual(subject.expected(after));
    }
    expect(subject.log.entries).toBeLessThan(subject.model.size * 4 + 3 * 4096);
  });

  test('leaves out cells of retired minutes', () => {
    const subject = new Subject();
    subject.touch(1, 1);
    subject.touch(2, 2);
    subject.cells.retire(2 * MINUTE_MS);
    expect(subject.actual(0)).toEqual([[`${2 * MINUTE_MS}/0`, 2]]);
    expect(subject.cells.retiredChanges.lastSince(0)).toBe(1);
  });

  test('is the same when rebuilt from the cells', () => {
    const subject = new Subject();
    for (let n = 0; n < 9000; n++) subject.touch(1 + (n % 3), (n * 7) % 500);
    const rebuilt = new ChangeLog(subject.cells);
    rebuilt.rebuild();
    expect([...rebuilt.after(8000)]).toEqual([...subject.log.after(8000)]);
  });
});
