import * as fc from 'fast-check';
import type { TouchEvent } from './touch-world.ts';

export const NOW = Date.UTC(2026, 5, 8, 12);
export const USERS = ['u', 'user-2', 'user-3', 'пользователь', 'u'.repeat(128), '😀'.repeat(128)];
const IDS = [
  '0195f3a0-0000-7000-8000-00000000abcd',
  '0195F3A0-0000-7000-8000-00000000ABCD',
  '0195f3a0-0000-7000-8000-00000000abcdx',
  '0195f3a0-0000-7000-8000_00000000abcd',
  'e',
  'ids can "say" \\ what they want',
  'я'.repeat(128),
];

/** Events of few users at few times, with ids of every kind; ids repeat, as the store has nothing to do with that. */
export const touchEvent: fc.Arbitrary<TouchEvent> = fc.record({
  eventId: fc.oneof(fc.constantFrom(...IDS), fc.uuid()),
  eventType: fc.constantFrom('impression', 'click'),
  eventTime: fc.oneof(
    fc.integer({ min: NOW - 20, max: NOW }),
    fc.integer({ min: NOW - 3_600_000, max: NOW }),
    fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 31),
  ),
  adId: fc.constantFrom('ad-1', 'ad-2'),
  campaignId: fc.constantFrom('c-1', 'c-2'),
  advertiserId: fc.constant('adv'),
  userId: fc.constantFrom(...USERS),
  merchantId: fc.constantFrom(null, 'm', 'merchant-2', 'магазин'),
});
