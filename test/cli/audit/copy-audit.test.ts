import { describe, expect, it } from 'vitest';
import { auditCopy, type CopyAudit, type RecordSource } from '../../../src/cli/audit/copy-audit.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { DigestMaker } from '../../../src/reporting/record-digest.ts';

const HOUR_MS = 3_600_000;
const NAMED = { region: 'a', kind: 'ad-minutes', at: 'b' } as const;

const record = (ad: number, revision = 1, minute = 10 * HOUR_MS): AdMinute => ({
  recordId: `id-${ad}`,
  revision,
  region: 'a',
  adId: `ad-${ad}`,
  campaignId: 'c',
  advertiserId: 'v',
  minute,
  currency: 'EUR',
  impressions: revision,
  clicks: 0,
  costMicros: 0,
});

/** Records that a test changes while they are looked at. */
class Shelf implements RecordSource {
  kept: readonly AdMinute[];
  asOf = 1;
  heldFrom = 0;
  constructor(records: readonly AdMinute[]) {
    this.kept = records;
  }

  digest(step: 'hour' | 'minute', { from = 0, to = Infinity }: { from?: number; to?: number }) {
    const maker = new DigestMaker('ad-minutes', step);
    for (const one of this.#in(from, to)) maker.add(one);
    return Promise.resolve({ ...this.#held(), buckets: maker.buckets() });
  }

  records({ from, to }: { from: number; to: number }) {
    return Promise.resolve({ ...this.#held(), records: this.#in(from, to) });
  }

  #held() {
    return { region: 'a', asOf: this.asOf, heldFrom: this.heldFrom };
  }

  #in(from: number, to: number): AdMinute[] {
    return this.kept.filter(({ minute }) => minute >= from && minute < to);
  }
}

/** The audit; `pause` is told how often there was one. */
function audit(own: Shelf, copy: Shelf, pause: (times: number) => void = () => {}): Promise<CopyAudit> {
  let times = 0;
  return auditCopy(NAMED, own, copy, () => Promise.resolve(pause(++times)));
}

describe('auditCopy', () => {
  it('waits for a copy that is behind', async () => {
    const own = new Shelf([record(1, 3), record(2)]);
    own.asOf = 9;
    const copy = new Shelf([record(1, 2), record(2)]);
    const found = await audit(own, copy, (times) => {
      if (times < 7) return;
      copy.kept = own.kept;
      copy.asOf = 9;
    });
    expect(found).toMatchObject({ exact: true, recordsEqual: 2, isBehind: false, hoursLookedInto: 0 });
  });

  it('says of a copy that stays behind that it does, and what differs', async () => {
    const own = new Shelf([record(1, 3), record(2)]);
    own.asOf = 9;
    const found = await audit(own, new Shelf([record(1, 2), record(2)]));
    expect(found).toMatchObject({ exact: false, recordsEqual: 1, isBehind: true, wrong: 1 });
    expect(found.differences[0]).toContain('revision 3, in the reporting store of b 2; impressions 3');
  });

  it('forgives what moves and agrees once, and leaves out what never stands still', async () => {
    const own = new Shelf([record(1, 5), record(2, 5), record(3)]);
    const copy = new Shelf([record(1, 4), record(2, 4), record(3)]);
    const found = await audit(own, copy, (times) => {
      own.kept = [record(1, 5), record(2, 5 + times), record(3)];
      copy.kept = [record(1, times > 1 ? 5 : 4), record(2, 4 + times), record(3)];
    });
    expect(found).toMatchObject({ exact: true, recordsEqual: 2, recordsMoving: 1, wrong: 0 });
  });

  it('passes over what the region has let go of', async () => {
    const own = new Shelf([record(2)]);
    own.heldFrom = 10 * HOUR_MS;
    const copy = new Shelf([record(1, 1, 9 * HOUR_MS), record(2)]);
    expect(await audit(own, copy)).toMatchObject({ exact: true, recordsEqual: 1 });
    own.heldFrom = 9 * HOUR_MS;
    expect(await audit(own, copy)).toMatchObject({ exact: false, wrong: 1 });
  });
});
