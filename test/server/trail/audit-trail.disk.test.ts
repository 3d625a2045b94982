import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { AuditTrail, type OperatorAction } from '../../../src/server/trail/audit-trail.ts';
import { TrailFile, trailFileName } from '../../../src/server/trail/trail-file.ts';

let folder: string;
let trail: AuditTrail;
let now = 1000;
const clock = { now: (): number => now++ };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-trail-'));
  trail = new AuditTrail(new TrailFile(folder), clock);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const act = (subject: string): OperatorAction => ({
  role: 'operator',
  keyId: 'ops1',
  requestId: 'r-1',
  action: 'campaign.put',
  subject,
});
const path = (): string => join(folder, trailFileName(1));
const subjects = (limit = 1000): string[] => trail.page(limit).entries.map(({ subject }) => subject);

describe('AuditTrail', () => {
  test('keeps who did what to what, when, and how it ended', async () => {
    expect(trail.page(10)).toEqual({ entries: [], next: null, unreadableLines: 0 });
    const begunAt = now;
    expect(await trail.run(act('spring'), () => Promise.resolve(7))).toBe(7);
    const refusal = new AdtallyError('bad_campaign', 'no');
    await expect(trail.run(act('fall'), () => Promise.reject(refusal))).rejects.toBe(refusal);
    const bug = new Error('bug');
    await expect(
      trail.run({ ...act('winter'), role: 'cli', keyId: null, requestId: null }, () => {
        throw bug;
      }),
    ).rejects.toBe(bug);
    const { entries } = trail.page(10);
    expect(entries.map(({ subject, outcome }) => [subject, outcome])).toEqual([
      ['winter', 'internal'],
      ['fall', 'bad_campaign'],
      ['spring', 'done'],
    ]);
    expect(entries[2]).toEqual({
      ...act('spring'),
      id: entries[2].id,
      time: begunAt,
      endedAt: begunAt + 1,
      outcome: 'done',
    });
    expect(entries[0]).toMatchObject({ role: 'cli', keyId: null, requestId: null });
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test('tells an action under way, or cut off, from one that ended', async () => {
    let seen: unknown;
    await trail.run(act('slow'), () => (seen = trail.page(1).entries[0]));
    expect(seen).toMatchObject({ subject: 'slow', endedAt: null, outcome: null });
  });

  test('does nothing that it cannot write down', async () => {
    mkdirSync(path());
    let isDone = false;
    const acting = trail.run(act('spring'), () => (isDone = true));
    await expect(acting).rejects.toMatchObject({ code: 'disk_failed' });
    await expect(acting).rejects.toThrow(
      /trail of operator actions cannot be written .* campaign.put was not done/,
    );
    expect(isDone).toBe(false);
  });

  test('what was done is done, also when its outcome cannot be written', async () => {
    const result = await trail.run(act('spring'), () => {
      rmSync(path());
      mkdirSync(path());
      return 'done';
    });
    expect(result).toBe('done');
  });

  test('pages back to the beginning, and knows no other place', async () => {
    for (let n = 0; n < 7; n++) await trail.run(act(`s${n}`), () => n);
    const seen: string[] = [];
    for (let before: string | undefined, isMore = true; isMore;) {
      const page = trail.page(3, before);
      seen.push(...page.entries.map(({ subject, outcome }) => `${subject} ${outcome}`));
      before = page.next ?? undefined;
      isMore = before !== undefined;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `s${n} done`));
    expect(() => trail.page(1, 'nowhere')).toThrow(expect.objectContaining({ code: 'bad_cursor' }) as Error);
  });

  test.for([
    '{"id":"x","time":12,"act',
    '{"id":"x"}',
    'null',
    '[1]',
    '{"id":"x","endedAt":"soon"}',
    '\u0000\u0000',
  ])('goes on after a line that is none: %s', async (torn) => {
    await trail.run(act('before'), () => 0);
    appendFileSync(path(), torn);
    await trail.run(act('after'), () => 0);
    const page = trail.page(10);
    expect(page.entries.map(({ subject, outcome }) => [subject, outcome])).toEqual([
      ['after', 'done'],
      ['before', 'done'],
    ]);
    expect(page.unreadableLines).toBe(1);
  });

  test('a subject cannot add a line, nor fill the disk', async () => {
    const hostile = `a\n{"id":"forged","time":1,"action":"key.create"}\r\n\u2028${'x'.repeat(100_000)}\ud800`;
    await trail.run(act(hostile), () => 0);
    const page = trail.page(10);
    expect(page.entries).toHaveLength(1);
    expect(page.unreadableLines).toBe(0);
    expect(page.entries[0].subject.length).toBeLessThan(600);
    expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(3);
  });

  test('is bounded: a full file is followed by a new one, and the oldest leave', async () => {
    trail = new AuditTrail(new TrailFile(folder, { fileBytes: 1000, earlierFiles: 3 }), clock);
    for (let n = 0; n < 60; n++) {
      await trail.run(act(`s${n}`), () => n);
      const files = readdirSync(folder);
      expect(files.length).toBeLessThanOrEqual(4);
      for (const file of files) expect(statSync(join(folder, file)).size).toBeLessThan(1600);
    }
    const kept = subjects();
    expect(kept.length).toBeGreaterThan(6);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, n) => `s${59 - n}`));
  });

  test('leaves other files of the directory alone', async () => {
    trail = new AuditTrail(new TrailFile(folder, { fileBytes: 1, earlierFiles: 1 }), clock);
    for (const name of ['audit-trail.old.jsonl', 'keys.json']) writeFileSync(join(folder, name), 'x');
    for (let n = 0; n < 5; n++) await trail.run(act(`s${n}`), () => n);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['audit-trail.old.jsonl', 'keys.json']));
    expect(readdirSync(folder).length).toBeLessThanOrEqual(4);
  });

  test('of processes that are killed, everything they said is there, once and in order', async () => {
    for (let round = 0; round < 3; round++) {
      const said = await Promise.all(
        ['a', 'b'].map((name) => writeUntilKilled(`${name}${round}`, 40 + round * 25)),
      );
      const page = new AuditTrail(new TrailFile(folder), clock).page(100_000);
      const outcomes = new Map(page.entries.map(({ subject, outcome }) => [subject, outcome]));
      expect(outcomes.size).toBe(page.entries.length);
      const begun = said.flat().map(([, subject]) => subject);
      expect(begun.filter((subject) => !outcomes.has(subject))).toEqual([]);
      const done = said.flat().filter(([what]) => what === 'done');
      expect(done.filter(([, subject]) => outcomes.get(subject) !== 'done')).toEqual([]);
      for (const name of [`a${round}`, `b${round}`]) {
        const numbers = page.entries
          .filter(({ subject }) => subject.startsWith(`${name}-`))
          .map(({ subject }) => Number(subject.split('-')[1]));
        expect(numbers).toEqual(numbers.map((_, n) => numbers.length - 1 - n));
      }
    }
    expect(readdirSync(folder).length).toBeGreaterThan(2);
  });
});

/** What a process said it began and did until it had done that many. */
async function writeUntilKilled(name: string, actions: number): Promise<string[][]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'trail-writer.ts'), folder, name]);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split('\n').length > actions * 2) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  const whole = text.slice(0, text.lastIndexOf('\n'));
  return whole.split('\n').map((line) => line.split(' '));
}
