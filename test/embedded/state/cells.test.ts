import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MINUTE_MS } from '../../../src/base/units.ts';
import { EventBatch, IN_TEXT } from '../../../src/embedded/scan/event-batch.ts';
import { EventScanner } from '../../../src/embedded/scan/event-scanner.ts';
import { Cells } from '../../../src/embedded/state/cells.ts';
import { DimensionTable, type Dimension } from '../../../src/embedded/state/dimension-table.ts';
import { CELL_DOUBLES, COST, MinuteCells } from '../../../src/embedded/state/minute-cells.ts';
import { ALWAYS_REQUIRED } from '../../../src/model/ad-event.ts';

const scanner = new EventScanner(
  { requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' },
  new Uint8Array(32),
);

function scan(dimension: Dimension): { batch: EventBatch; body: Buffer } {
  const event = { ...dimension, eventId: 'e', eventType: 'click', eventTime: 1, userId: 'u' };
  const body = Buffer.from(JSON.stringify(event));
  const batch = new EventBatch(1);
  scanner.scan(body, 'json', 0, batch);
  return { batch, body };
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const intern = (table: DimensionTable, dimension: Dimension): number => {
  const { batch, body } = scan(dimension);
  const source = batch.words[IN_TEXT] === 0 ? viewOf(body) : batch.textView;
  return table.intern(batch.words, 0, source, -1);
};

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'ab', 'ba', 'ä', '｡', '😀', 'a|b', String.raw`a\b`),
  fc.string({ minLength: 1, maxLength: 5, unit: fc.constantFrom('x', 'y', 'z') }),
);
const dimension = fc.record({
  adId: name,
  campaignId: name,
  advertiserId: name,
  currency: fc.constantFrom('EUR', 'USD', 'EUS'),
});

const make = (n: number): Dimension => ({
  adId: `ad-${n % 2500}`,
  campaignId: `campaign-${n}`,
  advertiserId: 'adv',
  currency: n % 2 === 0 ? 'EUR' : 'USD',
});

describe('the dimension table', () => {
  test('gives equal dimensions one reference, others another, and tells them back', () => {
    fc.assert(
      fc.property(fc.array(dimension, { maxLength: 60 }), (dimensions) => {
        const table = new DimensionTable(7);
        const references = dimensions.map((each) => intern(table, each));
        for (const [n, each] of dimensions.entries()) {
          expect(table.describe(references[n])).toEqual(each);
          for (const [m, other] of dimensions.entries()) {
            expect(references[n] === references[m]).toBe(JSON.stringify(each) === JSON.stringify(other));
            const sameCell = each.adId === other.adId && each.currency === other.currency;
            expect(table.keyOf(references[n]) === table.keyOf(references[m])).toBe(sameCell);
            const order =
              Buffer.compare(Buffer.from(each.campaignId), Buffer.from(other.campaignId)) ||
              Buffer.compare(Buffer.from(each.advertiserId), Buffer.from(other.advertiserId));
            expect(table.isGreater(references[n], references[m])).toBe(order > 0);
          }
        }
      }),
    );
  });

  test('grows past its first room and comes back from dumps made at different times', () => {
    const table = new DimensionTable(7);
    const restored = new DimensionTable(7);
    const references: number[] = [];
    let from = 0;
    for (let n = 0; n < 5000; n++) {
      references.push(intern(table, make(n)));
      if (n % 1700 !== 0 && n !== 4999) continue;
      restored.load(table.dump(from, table.length));
      from = table.length;
    }
    expect(new Set(references).size).toBe(5000);
    for (const [n, reference] of references.entries()) {
      expect(restored.describe(reference)).toEqual(make(n));
      expect(restored.keyOf(reference)).toBe(table.keyOf(reference));
      expect(intern(restored, make(n))).toBe(reference);
    }
    expect(restored.count).toBe(5000);
    expect(intern(restored, make(5001))).toBe(table.length);
  });
});

describe('a selection of dimensions', () => {
  test('has the dimensions with the given fields, and the keys of their cells', () => {
    const field = fc.option(name, { nil: undefined });
    const wanted = fc.record({
      adId: field,
      campaignId: field,
      advertiserId: field,
      currency: fc.constantFrom(undefined, 'EUR', 'USD', 'XXX'),
    });
    fc.assert(
      fc.property(fc.array(dimension, { maxLength: 40 }), wanted, (dimensions, fields) => {
        const table = new DimensionTable(7);
        const references = dimensions.map((each) => intern(table, each));
        const selection = table.select(fields);
        const given = Object.entries(fields).filter(([, value]) => value !== undefined);
        expect(selection === undefined).toBe(given.length === 0);
        const expected = dimensions.map((each) =>
          given.every(([key, value]) => each[key as 'adId'] === value),
        );
        expect(references.map((reference) => selection?.has(reference) ?? true)).toEqual(expected);
        const selected = references.filter((_, n) => expected[n]);
        const missing = selected.filter((each) => selection?.keys.includes(table.keyOf(each)) === false);
        expect(missing).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the cells of a minute', () => {
  test('are found by key among thousands, and come back from an image', () => {
    const minute = new MinuteCells(MINUTE_MS);
    for (let key = 0; key < 9000; key++) {
      const row = minute.add(key * 3, key);
      minute.doubles[row * CELL_DOUBLES + COST] = key;
    }
    minute.freeze();
    const back = new MinuteCells(MINUTE_MS);
    for (const piece of minute.takeFrozen()) back.load(piece);
    for (const cells of [minute, back]) {
      for (let key = 0; key < 9000; key++) {
        const row = cells.find(key * 3);
        expect([cells.dimensionOf(row), cells.doubles[row * CELL_DOUBLES + COST]]).toEqual([key, key]);
        expect(cells.find(key * 3 + 1)).toBe(-1);
      }
    }
    expect([minute.isDirty, back.isDirty]).toEqual([false, false]);
  });

  test('keep for a snapshot what they held when they were frozen, whatever changes while it is written', () => {
    const change = fc.record({ after: fc.nat(3), row: fc.nat(9999) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const minute = new MinuteCells(0);
        for (let key = 0; key < 10_000; key++) minute.add(key + 1, key);
        minute.freeze();
        const back = new MinuteCells(0);
        let taken = 0;
        const changeAll = (): void => {
          for (const { row } of changes.filter(({ after }) => after === taken)) {
            minute.touch(row);
            minute.doubles[row * CELL_DOUBLES + COST]++;
          }
          minute.touch(minute.add(20_000 + taken, 1));
        };
        changeAll();
        for (const piece of minute.takeFrozen()) {
          back.load(piece);
          taken++;
          changeAll();
        }
        expect([back.count, minute.count, minute.isDirty, minute.isFrozen]).toEqual([
          10_000,
          10_001 + taken,
          true,
          false,
        ]);
        expect(
          back.doubles
            .subarray(0, 10_000 * CELL_DOUBLES)
            .every((_, n) => n % CELL_DOUBLES !== COST || back.doubles[n] === 0),
        ).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('come back over what an earlier snapshot held, with rows that were added since', () => {
    const minute = new MinuteCells(0);
    const back = new MinuteCells(0);
    for (let round = 0; round < 3; round++) {
      for (let key = 0; key < 3000; key++) minute.add(round * 3000 + key + 1, key);
      for (let row = 0; row < minute.count; row += 7) minute.doubles[row * CELL_DOUBLES + COST] = round;
      minute.freeze();
      for (const piece of minute.takeFrozen()) back.load(piece);
      expect(back.doubles.subarray(0, back.count * CELL_DOUBLES)).toEqual(
        minute.doubles.subarray(0, minute.count * CELL_DOUBLES),
      );
    }
    for (let row = 0; row < minute.count; row += 100) expect(back.find(row + 1)).toBe(row);
  });
});

describe('cells', () => {
  test('show the greatest campaign and advertiser whatever the order of arrival', () => {
    const pairs = fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pairs, fc.integer(), (all, seed) => {
        const shown = [
          all,
          all.toSorted((a, b) => ((a[0].length * seed) % 7) - ((b[0].length * seed) % 5)),
        ].map((order) => {
          const table = new DimensionTable(1);
          const cells = new Cells('a', table);
          const minute = cells.minuteAt(0);
          for (const [campaignId, advertiserId] of order) {
            const reference = intern(table, { adId: 'ad', campaignId, advertiserId, currency: 'EUR' });
            cells.show(minute, cells.rowFor(minute, reference), reference);
          }
          const { campaignId, advertiserId } = cells.record(minute, 0);
          return [campaignId, advertiserId];
        });
        expect(shown[0]).toEqual(shown[1]);
        expect(all).toContainEqual(shown[0]);
      }),
    );
  });
});
