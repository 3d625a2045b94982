import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adMinuteRecordId, recordId } from '../../src/model/record-id.ts';
import { adMinuteUuid } from '../../src/oracle/record-uuid.ts';

test('a record id is the UUIDv8 that the oracle computes in its own way', () => {
  const name = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.stringMatching(/^[a|\\]{1,8}$/));
  fc.assert(
    fc.property(name, name, fc.nat(), fc.constantFrom('EUR', 'USD'), (region, adId, minutes, currency) => {
      const id = adMinuteRecordId(region, adId, minutes * 60_000, currency);
      expect(id).toBe(adMinuteUuid(region, adId, minutes * 60_000, currency));
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});

test('parts cannot run into each other', () => {
  expect(recordId(['a|b', 'c'])).not.toBe(recordId(['a', 'b|c']));
  expect(recordId(['a\\', 'b'])).not.toBe(recordId(['a', '\\b']));
});
