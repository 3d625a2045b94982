import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/errors.ts';
import type { FullAudit } from '../../src/cli/audit/full-audit.ts';
import type { ImportReport } from '../../src/cli/import/importer.ts';
import { startStubRegion } from '../client/stub-region.ts';
import { MAIN, Workplace } from './adtally-process.ts';

interface Line {
  readonly event: string;
  readonly url: string;
}

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.remove());

describe('adtally', { timeout: 120_000 }, () => {
  it.each([
    [['sart'], 2, 'Did you mean start?'],
    [['start', '--prot', '1'], 2, 'Did you mean --port?'],
    [['generate', '--share', 'dupe=1'], 2, 'The kinds are click, duplicate'],
    [['--help'], 0, `${ERRORS.audit_mismatch.exit}    audit_mismatch`],
    [['start', '--max-event-age', '3x'], 2, '--max-event-age is "3x"; it must be a duration'],
    [['start', '--region', 'b'], 2, 'the regions of the spec are a'],
    [['start', '--host', '0.0.0.0', '--port', '0'], 2, 'there is no key'],
    [['report', '--url', 'localhost'], 2, '--url is "localhost"'],
    [['report'], 7, 'nothing listens there'],
    [['audit'], 2, 'There is no region in the data directory'],
  ] as const)('%j ends with %i', async (args, exit, text) => {
    const ended = await place.run(args, { ADTALLY_SERVER_PORT: '1234' });
    expect({ exit: ended.exit, said: ended.stdout + ended.stderr }).toEqual({
      exit,
      said: expect.stringContaining(text) as string,
    });
  });

  it('says an error as JSON when asked to', async () => {
    const { exit, stdout, stderr } = await place.run(['audit', '--json'], { ADTALLY_DATA: 'x' });
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'not_found', exit: 2 } });
  });

  it('names the configuration file of a wrong value', async () => {
    writeFileSync(join(place.folder, 'adtally.config.ts'), 'export default { maxEventAge: 5, dedup: 1 };');
    const { exit, stderr } = await place.run(['ls']);
    expect(exit).toBe(2);
    expect(stderr).toContain('Did you mean "dedupeWindow"?');
    expect(stderr).toContain(`(Configuration file: ${place.folder}/adtally.config.ts)`);
  });

  it('stops an import at Ctrl-C and goes on later', async () => {
    const stub = await startStubRegion();
    try {
      const rows = Array.from({ length: 5000 }, (_, row) => `2026-01-01T00:00:00Z,click,${row},c,a,u`);
      writeFileSync(
        join(place.folder, 'rows.csv'),
        `eventTime,eventType,adId,campaignId,advertiserId,userId\n${rows.join('\n')}\n`,
      );
      const args = ['import', 'rows.csv', '--batch', '1', '--url', stub.url];
      const started = place.run([...args, '--json']);
      while (stub.requests < 5) await new Promise((resolve) => setTimeout(resolve, 5));
      place.signalAll('SIGINT');
      const { exit, stdout } = await started;
      expect(exit).toBe(130);
      const first = JSON.parse(stdout) as ImportReport;
      expect(first.outcome).toBe('interrupted');
      const second = await place.json<ImportReport>([
        'import',
        'rows.csv',
        '--batch',
        '1',
        '--url',
        stub.url,
      ]);
      expect(second).toMatchObject({ outcome: 'complete', verdicts: { duplicate: 0 } });
      expect(first.events + second.events).toBe(5000);
      expect(stub.ids.size).toBe(5000);
    } finally {
      await stub.close();
    }
  });

  it('stops at once when asked twice', async () => {
    const region = await place.start<Line>(['start', '--port', '0']);
    region.signal('SIGTERM');
    region.signal('SIGINT');
    expect([0, 130, 143]).toContain((await region.ended).exit);
  });

  it('ends with the code of a failed disk, and starts again with all that was acknowledged', async () => {
    const limited = spawn(
      'bash',
      ['-c', `ulimit -f 500; exec "$0" "$@"`, process.execPath, MAIN, 'start', '--port', '0'],
      {
        cwd: place.folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stderr = '';
    limited.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await once(limited.stdout, 'data');
    const generating = place.run(['generate', '--count', '4000', '--batch', '400', '--parallel', '1']);
    await once(limited, 'close');
    place.signalAll('SIGINT');
    await generating;
    expect({ exit: limited.exitCode, stderr }).toEqual({
      exit: 5,
      stderr: expect.stringContaining('The disk refused a write (disk_failed)') as string,
    });
    const audit = await place.json<FullAudit>(['audit']);
    expect(audit).toMatchObject({ exact: true });
    expect(audit.books.received).toBeGreaterThan(0);
    expect(audit.books.received % 400).toBe(0);
  });

  it('leaves nothing behind that it does not name', async () => {
    const region = await place.start<Line>(['start', '--port', '0', '--data', 'd']);
    region.signal('SIGTERM');
    await region.ended;
    expect(readdirSync(join(place.folder, 'd')).toSorted()).toEqual([
      'LOCK',
      'MANIFEST',
      'budget.sqlite',
      'log',
      'reporting.duckdb',
      'snapshot',
      'touches',
      'warehouse',
    ]);
    expect(existsSync(join(place.folder, 'data'))).toBe(false);
  });
});
