import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { HOUR_MS } from '../../../src/base/units.ts';
import { findImportFile } from '../../../src/cli/import/import-file.ts';
import { Importer, type ImportOptions, type ImportReport } from '../../../src/cli/import/importer.ts';
import { parseMapping, PLAIN_MAPPING } from '../../../src/cli/import/mapping.ts';
import { RegionSender } from '../../../src/client/region-sender.ts';
import { startStubRegion, type StubRegion } from '../../client/stub-region.ts';

const NOW = 1_790_000_000_000;
const ROWS = 25;
const START = Date.UTC(2026, 0, 1);

let stub: StubRegion;
let folder: string;
let nowMs: number;
beforeEach(async () => {
  stub = await startStubRegion();
  folder = mkdtempSync(join(tmpdir(), 'adtally-import-'));
  nowMs = NOW;
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await stub.close();
});

const clock: Clock = {
  now: () => nowMs,
  monotonicMs: () => performance.now(),
  after: () => () => {},
  turn: () => Promise.resolve(),
};

/** 25 rows, two hours apart, each fifth with a click: 30 events. */
function csv(): string {
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const time = new Date(START + row * 2 * HOUR_MS).toISOString();
    return `${time},${row % 3},${row % 5 === 0 ? 1 : 0}`;
  });
  return `\uFEFFtime,ad,click\r\n${rows.join('\r\n')}\r\n`;
}

const MAPPING = parseMapping(
  JSON.stringify({
    fields: { eventTime: '{time}', adId: '{ad}', campaignId: 'c', advertiserId: 'a', userId: 'u' },
    events: [
      { fields: { eventType: 'impression' } },
      { when: { click: '1' }, fields: { eventType: 'click' } },
    ],
  }),
  'mapping',
);

interface Extra extends Partial<ImportOptions> {
  readonly names?: readonly string[];
}

async function run({ names = ['rows.csv'], ...more }: Extra = {}): Promise<ImportReport> {
  const mapping = more.mapping ?? MAPPING;
  const importer = new Importer({
    files: names.map((name) => findImportFile(join(folder, name), mapping)),
    mapping,
    timeShift: undefined,
    source: undefined,
    target: stub.url,
    statePath: join(folder, 'state.json'),
    again: false,
    skipBadRows: false,
    batchEvents: 4,
    sender: new RegionSender({
      regions: [{ url: stub.url }],
      retry: { patienceMs: 2000, firstDelayMs: 1, delayMsMax: 5 },
    }),
    clock,
    stop: new AbortController().signal,
    onProgress: () => {},
    ...more,
  });
  await importer.planShift();
  return importer.run();
}

function write(name: string, bytes: string | Uint8Array): void {
  writeFileSync(join(folder, name), bytes);
}

describe('Importer', () => {
  it('sends a second time only what is asked for, and then nothing counts', async () => {
    write('rows.csv', csv());
    expect(await run()).toMatchObject({
      outcome: 'complete',
      rows: ROWS,
      events: 30,
      verdicts: { counted: 30 },
    });
    const { requests } = stub;
    expect(await run()).toMatchObject({ outcome: 'nothing_to_do', events: 0, rowsResumed: ROWS });
    expect(stub.requests).toBe(requests);
    expect(await run({ again: true })).toMatchObject({ events: 30, verdicts: { counted: 0, duplicate: 30 } });
    rmSync(join(folder, 'state.json'));
    expect(await run()).toMatchObject({ events: 30, verdicts: { counted: 0, duplicate: 30 } });
  });

  it.each([
    ['rows.csv.gz', gzipSync],
    ['rows.csv.zst', zstdCompressSync],
  ])('reads %s as the same events', async (name, compress) => {
    write('rows.csv', csv());
    write(name, compress(csv()));
    await run();
    expect(await run({ names: [name] })).toMatchObject({ verdicts: { counted: 0, duplicate: 30 } });
  });

  it('goes on where it was stopped', async () => {
    write('rows.csv', csv());
    const stop = new AbortController();
    const first = await run({
      stop: stop.signal,
      onProgress: ({ events }) => {
        if (events >= 12) stop.abort();
      },
    });
    expect(first).toMatchObject({ outcome: 'interrupted', events: 12 });
    const second = await run();
    expect(second).toMatchObject({ outcome: 'complete', events: 18, verdicts: { counted: 18 } });
    expect(second.rowsResumed + second.rows).toBe(ROWS);
  });

  it('goes on after a refusal, and waits out lost connections', async () => {
    write('rows.csv', csv());
    stub.faults.push('drop', 'overloaded', 'drop_after_counting', 'broken', 'drop', 'refuse');
    await expect(run()).rejects.toMatchObject({ code: 'unauthorized' });
    const report = await run();
    expect(report.outcome).toBe('complete');
    expect(stub.ids.size).toBe(30);
  });

  it('begins anew for another file, region or mapping', async () => {
    write('rows.csv', csv());
    await run();
    write('rows.csv', `${csv()}2026-02-01T00:00:00Z,1,0\n`);
    expect(await run()).toMatchObject({ rows: 26, verdicts: { counted: 1, duplicate: 30 } });
    expect(await run({ source: 'b' })).toMatchObject({ verdicts: { counted: 31 } });
  });

  it('keeps the files of one command apart', async () => {
    write('rows.csv', csv());
    write('more.csv', csv());
    expect(await run({ names: ['rows.csv', 'more.csv'] })).toMatchObject({ verdicts: { counted: 60 } });
    expect(await run({ names: ['more.csv'], source: undefined })).toMatchObject({
      verdicts: { duplicate: 30 },
    });
  });

  it('moves times to now, once', async () => {
    write('rows.csv', csv());
    const report = await run({ timeShift: 23 * HOUR_MS });
    expect(report.shift).toMatchObject({ first: START, last: START + 48 * HOUR_MS, anchor: NOW });
    const times = stub.lines.map((line) => (JSON.parse(line) as { eventTime: number }).eventTime);
    expect([Math.min(...times), Math.max(...times)]).toEqual([NOW - 23 * HOUR_MS, NOW]);
    nowMs += HOUR_MS;
    const lines = [...stub.lines];
    await run({ timeShift: 23 * HOUR_MS, again: true });
    expect(stub.lines.slice(lines.length)).toEqual(lines);
  });

  it('keeps the distances when asked to move to now only', async () => {
    write('rows.csv', csv());
    const { shift } = await run({ timeShift: null });
    expect(shift).toMatchObject({ anchor: NOW, spanMs: null });
    const first = JSON.parse(stub.lines[0]) as { eventTime: number };
    expect(first.eventTime).toBe(NOW - 48 * HOUR_MS);
  });

  it('sends NDJSON byte for byte, and moved where asked', async () => {
    const lines = [
      '{ "eventId":"1", "eventTime":"2026-01-01T00:00:00Z", "x":1.50 }',
      '{"eventId":"2","eventTime":0}',
    ];
    write('events.ndjson', `${lines[0]}\r\n\n  \n${lines[1]}`);
    const names = ['events.ndjson'];
    expect(await run({ names, mapping: PLAIN_MAPPING })).toMatchObject({ rows: 2, events: 2 });
    expect(stub.lines.map((line) => line.trim())).toEqual(lines);
    await run({ names, mapping: PLAIN_MAPPING, timeShift: HOUR_MS });
    expect(stub.lines.slice(2).map((line) => JSON.parse(line) as unknown)).toEqual([
      { eventId: '1', eventTime: NOW, x: 1.5 },
      { eventId: '2', eventTime: NOW - HOUR_MS },
    ]);
  });

  it('maps NDJSON whose fields have other names', async () => {
    write('log.jsonl', '{"t":5,"item":{"id":3}}\n{"t":6}\n');
    const mapping = parseMapping(
      JSON.stringify({
        time: { format: 'unix-s' },
        fields: {
          eventType: 'click',
          eventTime: '{t}',
          adId: '{item}',
          campaignId: 'c',
          advertiserId: 'a',
          userId: 'u',
        },
      }),
      'mapping',
    );
    await run({ names: ['log.jsonl'], mapping });
    expect(stub.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { eventTime: 5000, adId: '{"id":3}' },
      { eventTime: 6000 },
    ]);
  });

  it('stops at a bad row by its number, or skips it when told to', async () => {
    write('rows.csv', csv().replace('2026-01-01T08:00:00.000Z', 'soon'));
    await expect(run()).rejects.toThrow('Row 5 of rows.csv: eventTime is "soon"');
    const report = await run({ skipBadRows: true });
    expect(report).toMatchObject({ outcome: 'complete', rowsSkipped: 1 });
    expect(report.skipped[0]).toContain('Row 5 of rows.csv');
    expect(stub.ids.size).toBe(29);
  });

  it('says what a file that cannot be read lacks', async () => {
    await expect(run({ names: ['none.csv'] })).rejects.toThrow('There is no file');
    write('what.txt', 'x');
    await expect(run({ names: ['what.txt'] })).rejects.toThrow('Say --format csv');
    write('torn.csv.gz', gzipSync(csv()).subarray(0, 60));
    await expect(run({ names: ['torn.csv.gz'] })).rejects.toMatchObject({ code: 'import_failed' });
    write('ragged.csv', 'time,ad,click\n2026-01-01T00:00:00Z,1\n');
    await expect(run({ names: ['ragged.csv'] })).rejects.toThrow(/ragged\.csv cannot be read: .*line 2/);
    write('empty.csv', '');
    expect(await run({ names: ['empty.csv'] })).toMatchObject({ outcome: 'complete', rows: 0 });
  });

  it('imports without a state file where the disk does not let it', async () => {
    write('rows.csv', csv());
    expect(await run({ statePath: join(folder, 'no/where.json') })).toMatchObject({
      statePath: null,
      events: 30,
    });
    expect(readFileSync(join(folder, 'rows.csv'), 'utf8')).toBe(csv());
  });
});
