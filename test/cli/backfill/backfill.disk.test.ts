import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DayChange } from '../../../src/cli/backfill/difference.ts';
import { DAY_MS, HOUR_MS } from '../../../src/base/units.ts';
import type { AuditReport } from '../../../src/embedded/ports.ts';
import { Random } from '../../../src/generator/random.ts';
import type { VerdictCounts } from '../../../src/model/verdict.ts';
import { event } from '../../server/server-fixture.ts';
import { Workplace } from '../adtally-process.ts';

interface Told {
  readonly outcome: string;
  readonly events: number;
  readonly verdicts: VerdictCounts;
  readonly changes: readonly DayChange[];
}
type OldEvent = ReturnType<typeof event> & { eventId: string; eventTime: number; adId: string };

let place: Workplace;
let url: string;
beforeEach(async () => {
  place = new Workplace();
  const region = await place.start<{ url: string }>(['start', '--data', 'data', '--port', '0']);
  url = region.first.url;
});
afterEach(() => place.remove());

const backfill = (...more: string[]): Promise<Told> =>
  place.json<Told>(['backfill', 'old.ndjson', '--max-age', '60h', '--url', url, '--batch', '7', ...more]);
const audit = async (): Promise<AuditReport> =>
  (await (await fetch(`${url}/v1/audit`)).json()) as AuditReport;

/** Events of the last three days, some of them twice, and what they add if none was there before. */
function makeFile(seed: number): { readonly lines: string[]; readonly truth: Map<string, number[]> } {
  const random = new Random(seed);
  const now = Date.now();
  const truth = new Map<string, number[]>();
  const lines: string[] = [];
  const known: string[] = [];
  for (let n = 0; n < 120; n++) {
    if (known.length > 0 && random.unit() < 0.2) {
      lines.push(known[random.below(known.length)]);
      continue;
    }
    const isOld = random.unit() < 0.2;
    const old = event({
      eventId: `e-${n}`,
      eventTime: now - (isOld ? 65 : 30 + random.below(20)) * HOUR_MS,
      eventType: random.unit() < 0.3 ? 'click' : 'impression',
      adId: `ad-${random.below(4)}`,
      costMicros: random.below(900),
    }) as OldEvent & { costMicros: number };
    const line = JSON.stringify(old);
    known.push(line);
    lines.push(line);
    if (isOld) continue;
    const day = new Date(Math.floor(old.eventTime / DAY_MS) * DAY_MS).toISOString();
    const sums = truth.get(`${day} ${old.adId}`) ?? [0, 0, 0];
    sums[line.includes('"click"') ? 1 : 0]++;
    sums[2] += old.costMicros;
    truth.set(`${day} ${old.adId}`, sums);
  }
  return { lines, truth };
}

const asMap = (changes: readonly DayChange[]): Map<string, number[]> =>
  new Map(
    changes.map((c) => [`${c.day} ${c.adId}`, [c.impressions, c.clicks, Number(c.costMicros)]] as const),
  );

test('old events are shown first, filled in once, and change nothing the second time', async () => {
  const seed = Date.now() % 100_000;
  const { lines, truth } = makeFile(seed);
  writeFileSync(join(place.folder, 'old.ndjson'), lines.join('\n'));
  const before = await audit();
  const dry = await backfill('--dry-run');
  expect(asMap(dry.changes), `seed ${seed}`).toEqual(truth);
  expect(await audit()).toEqual(before);
  expect(existsSync(join(place.folder, 'old.ndjson.adtally-backfill.json'))).toBe(false);

  const filled = await backfill();
  expect(filled.verdicts, `seed ${seed}`).toEqual(dry.verdicts);
  expect(asMap(filled.changes)).toEqual(truth);
  const after = await audit();
  const sum = (n: number): number => [...truth.values()].reduce((all, sums) => all + sums[n], 0);
  expect(after.cells).toMatchObject({ impressions: sum(0), clicks: sum(1), costMicros: sum(2) });

  expect((await backfill()).outcome).toBe('nothing_to_do');
  const again = await backfill('--again');
  expect([again.verdicts.counted, again.changes]).toEqual([0, []]);
  const still = await audit();
  expect([still.balanced, still.cells]).toEqual([true, after.cells]);
});

test('an age that is none, or more than can be told apart, is refused before anything is read', async () => {
  writeFileSync(join(place.folder, 'old.ndjson'), '{}\n');
  const run = (age: string) => place.run(['backfill', 'old.ndjson', '--max-age', age, '--url', url]);
  expect(await run('soon')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--max-age is "soon"'),
  });
  expect(await run('400d')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('cannot be filled in'),
  });
});

test('for people the biggest changes come one by one, the others summed', async () => {
  const eventTime = Date.now() - 40 * HOUR_MS;
  const lines = Array.from({ length: 60 }, (_, n) =>
    JSON.stringify(
      event({ eventId: `e-${n}`, eventTime, adId: `ad-${Math.floor(n / 2)}`, costMicros: 500_000 }),
    ),
  );
  writeFileSync(join(place.folder, 'old.ndjson'), lines.join('\n'));
  const { exit, stdout } = await place.run([
    'backfill',
    'old.ndjson',
    '--max-age',
    '60h',
    '--dry-run',
    '--url',
    url,
  ]);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/10 other rows\s+EUR\s+20\s+0\s+\+10\.00/);
  expect(stdout).toMatch(/in all\s+EUR\s+60\s+0\s+\+30\.00/);
  expect(stdout).toContain('Nothing was changed.');
});
