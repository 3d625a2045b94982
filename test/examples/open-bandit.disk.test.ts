import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../src/base/units.ts';
import { readEvents } from '../../src/cli/import/event-source.ts';
import { findImportFile } from '../../src/cli/import/import-file.ts';
import { parseMapping } from '../../src/cli/import/mapping.ts';
import { shiftTime, type TimeShift } from '../../src/cli/import/time-shift.ts';
import { ALWAYS_REQUIRED, parseAdEvent, type AdEvent } from '../../src/model/ad-event.ts';

const FOLDER = join(import.meta.dirname, '../../examples/open-bandit');
const FORMAT = { requiredFields: ALWAYS_REQUIRED, defaultCurrency: 'EUR' };

async function readAll(shift?: TimeShift): Promise<AdEvent[]> {
  const mapping = parseMapping(readFileSync(join(FOLDER, 'open-bandit.mapping.json'), 'utf8'), 'mapping');
  const events: AdEvent[] = [];
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.csv.gz'))) {
    const file = findImportFile(join(FOLDER, name), mapping);
    const source = { mapping, source: file.name, skipBadRows: false, onBytes: () => {} };
    for await (const row of readEvents(file, source)) {
      for (const event of row.events) {
        const reading = parseAdEvent(event.encode(shift), FORMAT);
        if (!reading.ok) throw new Error(JSON.stringify(reading.problem));
        events.push(reading.event);
      }
    }
  }
  return events;
}

describe('examples/open-bandit', () => {
  let events: AdEvent[];
  beforeAll(async () => {
    events = await readAll();
  });

  it('gives an impression for each row and a click for each row with one', () => {
    expect(events.filter((event) => event.eventType === 'impression')).toHaveLength(60_000);
    expect(events.filter((event) => event.eventType === 'click')).toHaveLength(287);
    expect(new Set(events.map((event) => event.eventId)).size).toBe(60_287);
    expect(new Set(events.map((event) => event.userId)).size).toBe(337);
  });

  it('puts each ad into one campaign', () => {
    const campaigns = new Map<string, Set<string>>();
    for (const { adId, campaignId } of events)
      campaigns.set(adId, (campaigns.get(adId) ?? new Set()).add(campaignId));
    expect([...campaigns.values()].filter((names) => names.size !== 1)).toEqual([]);
    expect(new Set(events.map((event) => event.campaignId)).size).toBe(6);
    expect(campaigns.size).toBe(2 * (80 + 34 + 46));
  });

  it('fits the week into the last 23 hours without changing the order', async () => {
    const times = events.map((event) => event.eventTime);
    const shift = {
      first: times.reduce((a, b) => Math.min(a, b)),
      last: times.reduce((a, b) => Math.max(a, b)),
      anchor: 1_790_000_000_000,
      spanMs: 23 * HOUR_MS,
    };
    expect(new Date(shift.first).toISOString()).toBe('2019-11-24T00:00:17.004Z');
    const moved = await readAll(shift);
    expect(moved.map((event) => event.eventId)).toEqual(events.map((event) => event.eventId));
    expect(moved.every((event) => event.eventTime >= shift.anchor - 23 * HOUR_MS)).toBe(true);
    expect(moved.every((event, index) => event.eventTime === shiftTime(times[index], shift))).toBe(true);
    expect(shiftTime(shift.last, shift)).toBe(shift.anchor);
  });
});
