import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../../src/adapters/node-disk/node-disk.ts';
import { auditFully, type FullAudit } from '../../../src/cli/audit/full-audit.ts';
import { LogRecount } from '../../../src/cli/audit/log-recount.ts';
import { restingBooks, type ServedBooks } from '../../../src/cli/audit/served-books.ts';
import type { Region } from '../../../src/embedded/ports.ts';
import { openRegion } from '../../../src/embedded/region-engine.ts';
import { DEFAULT_TRAFFIC, TrafficGenerator } from '../../../src/generator/traffic.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';

const SPEC = resolveSpec({ logSegment: '64KiB' }, { environment: {}, flags: {} });
const SHARES = { click: 0.1, duplicate: 0.1, restamped: 0.05, late: 0.02, future: 0.02, malformed: 0.05 };

let folder: string;
let region: Region;
let generator: TrafficGenerator;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-audit-'));
  generator = new TrafficGenerator({ ...DEFAULT_TRAFFIC, seed: 3, ads: 50, shares: SHARES });
  region = await openRegion({
    name: 'a',
    spec: SPEC,
    disk: new NodeDisk(folder),
    clock: nodeClock,
    entropy: (bytes) => randomBytes(bytes),
  });
  await send(500);
});
afterEach(async () => {
  await region.close();
  rmSync(folder, { recursive: true });
});

async function send(count: number): Promise<void> {
  await region.ingest(generator.next(count, nodeClock.now()).bytes.slice(), 'ndjson');
}

/** The books of the region of this process; `falsify` changes what it serves. */
function books(
  falsify: (record: AdMinute) => readonly AdMinute[] = (record) => [record],
  falsifyOrder: (record: AttributedOrder) => readonly AttributedOrder[] = (record) => [record],
): ServedBooks {
  let after: string | undefined;
  let afterOrder: string | undefined;
  return {
    audit: () => Promise.resolve(region.audit()),
    async *changed() {
      const page = region.changedAdMinutes(after, 1e6);
      after = page.cursor;
      for (const record of page.records) yield* falsify(record);
    },
    async *changedOrders() {
      const page = region.changedOrders(afterOrder, 1e6);
      afterOrder = page.cursor;
      for (const record of page.records) yield* falsifyOrder(record);
    },
    touches: (userId, from) => Promise.resolve(region.touches(userId, from, Infinity)),
  };
}

async function audit(served: ServedBooks, pause = () => Promise.resolve()): Promise<FullAudit> {
  return auditFully(served, await LogRecount.open(new NodeDisk(folder), SPEC), pause);
}

describe('auditFully', () => {
  it('finds an honest region exact', async () => {
    const { entries } = await region.quarantine({ limit: 5 });
    await region.replayQuarantine(entries.map(({ id }) => id));
    const { exact, books: own, recount } = await audit(books());
    expect(exact).toBe(true);
    expect(recount.records.equal).toBe(own.counted.records);
    expect(recount).toMatchObject({
      events: own.received,
      recordsMoving: 0,
      minuteDifferences: [],
      completeFrom: 0,
    });
  });

  it('finds it exact at rest as well, and changes nothing', async () => {
    await region.snapshot();
    await send(300);
    await region.close();
    const disk = new NodeDisk(folder);
    const before = await disk.list('.');
    const resting = await restingBooks(disk, 'a', SPEC);
    const { exact, recount } = await audit(resting);
    await resting.close();
    expect({ exact, events: recount.events }).toEqual({ exact: true, events: 800 });
    expect(await disk.list('.')).toEqual(before);
  });

  it.each([
    ['a click too many', (record: AdMinute) => [{ ...record, clicks: record.clicks + 1 }], 'different'],
    ['another campaign', (record: AdMinute) => [{ ...record, campaignId: 'x' }], 'different'],
    ['an old revision', (record: AdMinute) => [{ ...record, revision: record.revision - 1 }], 'different'],
    ['a missing record', () => [], 'missing'],
    ['a record too many', (record: AdMinute) => [record, { ...record, recordId: 'other' }], 'extra'],
  ] as const)('finds %s', async (_, falsify, kind) => {
    const wrong = region.changedAdMinutes(undefined, 1).records[0];
    const lie = books((record) => (record.recordId === wrong.recordId ? falsify(record) : [record]));
    const { exact, recount } = await audit(lie);
    expect(exact).toBe(false);
    expect(recount.records).toMatchObject({ missing: 0, extra: 0, different: 0, [kind]: 1 });
    expect(recount.records.differences[0].record).toContain(wrong.adId);
  });

  it('finds a wrong count of verdicts', async () => {
    const own = books();
    const lie: ServedBooks = {
      ...own,
      audit: () => {
        const report = region.audit();
        const minutes = report.minutes.map((minute) => ({
          ...minute,
          verdicts: { ...minute.verdicts, late: minute.verdicts.late + 1 },
        }));
        return Promise.resolve({ ...report, minutes });
      },
    };
    const { exact, recount } = await audit(lie);
    expect(exact).toBe(false);
    expect(recount.minuteDifferences.join()).toMatch(/Arrived at .*: late \d+, recounted \d+/);
  });

  it('settles what moves while it looks', async () => {
    let rounds = 0;
    const pause = async (): Promise<void> => {
      if (++rounds < 5) await send(50);
    };
    const own = books();
    // The first look comes before the events that the log has by then.
    const late: ServedBooks = {
      ...own,
      async *changed() {
        yield* own.changed();
        if (rounds < 4) await send(50);
      },
    };
    const { exact, recount } = await audit(late, pause);
    expect(rounds).toBeGreaterThan(3);
    expect({ exact, moving: recount.recordsMoving }).toEqual({ exact: true, moving: 0 });
  });

  it('leaves out what never stands still, and says how many', async () => {
    const own = books();
    const busy: ServedBooks = {
      ...own,
      async *changed() {
        yield* own.changed();
        await send(100);
      },
    };
    const { exact, recount } = await audit(busy);
    expect(exact).toBe(true);
    expect(recount.recordsMoving).toBeGreaterThan(0);
  });
});
