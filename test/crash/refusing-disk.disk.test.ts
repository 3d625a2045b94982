import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ERRORS } from '../../src/base/errors.ts';
import { bodyOf } from './damaged-directory.ts';
import { call, read } from './http-call.ts';
import { RegionProcess } from './region-process.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Every file may grow to 48 KiB: writes fail in the middle of a segment, as on a full disk. */
const FULL_DISK = ['bash', '-c', 'ulimit -f 48; exec "$@"', 'full-disk'];

let directory: string;
const running: RegionProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'adtally-refusing-'));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((region) => region.kill()));
  await rm(directory, { recursive: true });
});

/** What is not the log has files of its own, which may be larger. */
const ALONE = ['--budget-enabled', 'no', '--reporting-enabled', 'no', '--warehouse-enabled', 'no'];

function start(wrap: readonly string[] = [], where = directory, flags = ALONE): RegionProcess {
  const region = new RegionProcess(where, wrap, flags);
  running.push(region);
  return region;
}

async function send(url: string, name: string): Promise<{ status: number; code?: string }> {
  const { status, text } = await call(`${url}/v1/events`, {
    type: 'application/x-ndjson',
    bytes: bodyOf(name, 40),
  });
  return { status, ...(JSON.parse(text) as { code?: string }) };
}

async function countedAt(url: string): Promise<number> {
  const audit = JSON.parse(await read(`${url}/v1/audit`)) as {
    balanced: boolean;
    verdicts: { counted: number };
  };
  expect(audit.balanced).toBe(true);
  return audit.verdicts.counted;
}

test('a full disk stops acknowledgements and the process; what was acknowledged is there afterwards', async () => {
  const region = start(FULL_DISK);
  const url = (await region.url)!;
  let acknowledged = 0;
  for (; acknowledged < 100; acknowledged++) {
    const { status, code } = await send(url, `r${acknowledged}`);
    if (status === 200) continue;
    expect({ status, code }).toEqual({ status: 503, code: 'disk_failed' });
    break;
  }
  expect(acknowledged).toBeGreaterThan(1);
  expect(acknowledged).toBeLessThan(20);
  expect(await region.exit).toMatchObject({ code: ERRORS.disk_failed.exit });

  const after = (await start().url)!;
  expect(await countedAt(after)).toBe(acknowledged * 40);
  // The client sends again what was refused, which may or may not have been on the disk.
  expect(await send(after, `r${acknowledged}`)).toMatchObject({ status: 200 });
  expect(await countedAt(after)).toBe((acknowledged + 1) * 40);
});

test('a disk without room for the ledger is named, and the region does not begin', async () => {
  const [command, ...words] = [...FULL_DISK, process.execPath, MAIN, 'start', '--port', '0'];
  const told = spawnSync(command, [...words, '--data', directory], { encoding: 'utf8' });
  expect({ code: told.status, stderr: told.stderr }).toEqual({
    code: ERRORS.disk_failed.exit,
    stderr: expect.stringContaining('budget.sqlite cannot be written: ') as string,
  });
});

test.runIf(process.platform === 'linux')(
  'a directory that cannot be written to is named and refused',
  async () => {
    // Nobody may write here, not even root.
    expect(await start([], '/sys/kernel').exit).toMatchObject({ code: ERRORS.disk_failed.exit });
  },
);

test('a data directory that is a file is refused', async () => {
  const file = join(directory, 'file');
  await writeFile(file, 'not a directory');
  expect(await start([], file).exit).toMatchObject({ code: ERRORS.config_invalid.exit });
});

test('a directory in use is refused, and the one that uses it goes on', async () => {
  const url = (await start().url)!;
  const second = start();
  expect(await second.exit).toMatchObject({ code: ERRORS.data_locked.exit });
  expect(await send(url, 'r')).toMatchObject({ status: 200 });
});

test('the lock of a killed process is taken over', async () => {
  const first = start();
  expect(await send((await first.url)!, 'r')).toMatchObject({ status: 200 });
  await first.kill();
  const url = (await start().url)!;
  expect(await countedAt(url)).toBe(40);
});
