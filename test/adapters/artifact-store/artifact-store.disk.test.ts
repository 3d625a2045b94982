import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatLock, type ArtifactLock } from '../../../src/adapters/artifact-store/artifact-lock.ts';
import { fetchArtifacts, type FetchOptions } from '../../../src/adapters/artifact-store/artifact-store.ts';
import type { ArtifactProgress } from '../../../src/adapters/artifact-store/fetch-progress.ts';
import {
  ArtifactSource,
  breakAfter,
  lockOf,
  send,
  someBytes,
  stallAfter,
  status,
} from './artifact-source.ts';

const BIG = someBytes('big', 300_000);
const SMALL = someBytes('small', 1000);

let source: ArtifactSource;
let directory: string;
beforeEach(async () => {
  source = new ArtifactSource();
  await source.start();
  directory = mkdtempSync(join(tmpdir(), 'adtally-artifacts-'));
});
afterEach(async () => {
  await source.stop();
  rmSync(directory, { recursive: true });
});

function fetchLocks(
  locks: readonly ArtifactLock[],
  options: FetchOptions = {},
): Promise<ReadonlyMap<string, string>> {
  return fetchArtifacts(
    locks.map(({ group }) => group),
    {
      directory,
      sources: { maven: `${source.url}/` },
      locks: (group) => locks.find((lock) => lock.group === group)!,
      ...options,
    },
  );
}

/** Every file below the directory. */
function stored(): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .toSorted();
}

describe('a fetch', () => {
  test('puts each jar in the directory of its lock, and asks for nothing that is there', async () => {
    const lock = lockOf(
      'kafka',
      source.add('org/x/big/1/big-1.jar', BIG),
      source.add('org/x/small/2/small-2.jar', SMALL),
    );
    const found = await fetchLocks([lock]);
    const path = join(directory, lock.name);
    expect(found).toEqual(new Map([['kafka', path]]));
    expect(lock.name).toMatch(/^kafka-[0-9a-f]{12}$/);
    expect(stored()).toEqual(['big-1.jar', 'small-2.jar']);
    expect(readFileSync(join(path, 'big-1.jar')).equals(BIG)).toBe(true);
    expect(source.asked.toSorted()).toEqual(['org/x/big/1/big-1.jar', 'org/x/small/2/small-2.jar']);
    expect(await fetchLocks([lock])).toEqual(found);
    expect(source.asked).toHaveLength(2);
  });

  test('replaces a jar that is not as long as it should be', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    mkdirSync(join(directory, lock.name));
    writeFileSync(join(directory, lock.name, 'big.jar'), BIG.subarray(0, 5));
    await fetchLocks([lock]);
    expect(readFileSync(join(directory, lock.name, 'big.jar')).equals(BIG)).toBe(true);
  });

  test('asks once for what two groups have, and copies what one of them has already', async () => {
    const shared = source.add('shared.jar', BIG);
    const kafka = lockOf('kafka', shared);
    const pinot = lockOf('pinot', shared, source.add('own.jar', SMALL));
    await fetchLocks([kafka, pinot]);
    expect(source.asked.toSorted()).toEqual(['own.jar', 'shared.jar']);
    const copy = join(directory, pinot.name, 'shared.jar');
    expect(readFileSync(copy).equals(BIG)).toBe(true);
    rmSync(copy);
    await fetchLocks([kafka, pinot]);
    expect(readFileSync(copy).equals(BIG)).toBe(true);
    expect(source.asked).toHaveLength(2);
    expect(stored()).toEqual(['own.jar', 'shared.jar', 'shared.jar']);
  });

  test('says how far it is: what is there counts from the beginning, and every byte once', async () => {
    const small = source.add('small.jar', SMALL);
    const lock = lockOf('kafka', source.add('big.jar', BIG), small);
    mkdirSync(join(directory, lock.name));
    writeFileSync(join(directory, lock.name, 'small.jar'), SMALL);
    source.answers.push(breakAfter(100_000));
    const heard: ArtifactProgress[] = [];
    await fetchLocks([lock], { onProgress: (progress) => heard.push(progress) });
    const all = { totalBytes: 301_000, files: 2 };
    expect(heard[0]).toEqual({ ...all, doneBytes: 1000, filesDone: 1 });
    expect(heard.at(-1)).toEqual({ ...all, doneBytes: 301_000, filesDone: 2 });
    const steps = heard.map(({ doneBytes }) => doneBytes);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });

  test('names the directory that cannot be written', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    writeFileSync(join(directory, 'file'), '');
    const failed = fetchLocks([lock], { directory: join(directory, 'file') });
    await expect(failed).rejects.toMatchObject({
      code: 'disk_failed',
      message: expect.stringContaining('file') as string,
    });
  });
});

describe('a source', () => {
  test.for([
    ['other bytes', Buffer.from(BIG).fill(7, 5000, 5001)],
    ['more bytes', Buffer.concat([BIG, SMALL])],
  ] as const)('with %s is refused, and nothing of it stays', async ([, bytes]) => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    source.files.set('big.jar', bytes);
    source.answer = (response, given) => void response.end(given);
    await expect(fetchLocks([lock])).rejects.toMatchObject({ code: 'artifact_invalid' });
    expect(stored()).toEqual([]);
  });

  test('with fewer bytes is asked for the rest, and given up', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    source.answer = (response, given) => void response.end(given.subarray(1));
    await expect(fetchLocks([lock])).rejects.toMatchObject({ code: 'artifact_unreachable' });
    expect(source.asked[1]).toBe('big.jar bytes=299999-');
    expect(stored()).toEqual(parts());
  });

  test('that does not have the file is not asked again, and the others are stopped', async () => {
    const lock = lockOf('kafka', source.add('gone.jar', BIG), source.add('small.jar', SMALL));
    const begun = Promise.withResolvers<ServerResponse>();
    source.answer = (response, bytes) => {
      if (bytes === SMALL) stallAfter(10, () => begun.resolve(response))(response, bytes, 0);
      else void begun.promise.then(() => response.writeHead(404).end());
    };
    await expect(fetchLocks([lock])).rejects.toMatchObject({
      code: 'artifact_unreachable',
      message: expect.stringContaining(`${source.url}/gone.jar`) as string,
    });
    expect(source.asked.filter((path) => path === 'gone.jar')).toHaveLength(1);
    const other = await begun.promise;
    await expect.poll(() => other.closed, { timeout: 10_000 }).toBe(true);
  });

  test('that fails for a while is asked again, one that fails on is given up', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    source.answers.push(status(503), status(429));
    await fetchLocks([lock]);
    expect(source.asked).toHaveLength(3);
    source.answer = status(500);
    const other = lockOf('pinot', source.add('small.jar', SMALL));
    await expect(fetchLocks([other])).rejects.toMatchObject({ code: 'artifact_unreachable' });
    expect(source.asked).toHaveLength(8);
  });

  test('that is not there at all is named with the reason', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    const failed = fetchLocks([lock], { sources: { maven: 'http://127.0.0.1:1' } });
    await expect(failed).rejects.toMatchObject({
      code: 'artifact_unreachable',
      message: expect.stringMatching(/ECONNREFUSED|bad port/) as string,
    });
  });
});

describe('a fetch that broke off', () => {
  test('asks for the rest only', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    source.answers.push(breakAfter(100_000), breakAfter(50_000));
    const [path] = (await fetchLocks([lock])).values();
    expect(source.asked).toEqual(['big.jar', 'big.jar bytes=100000-', 'big.jar bytes=150000-']);
    expect(readFileSync(join(path, 'big.jar')).equals(BIG)).toBe(true);
    expect(stored()).toEqual(['big.jar']);
  });

  test('begins anew where the source knows no ranges', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    source.answers.push(breakAfter(100_000), (response, bytes) => send(response, bytes, 0));
    const [path] = (await fetchLocks([lock])).values();
    expect(source.asked).toEqual(['big.jar', 'big.jar bytes=100000-']);
    expect(readFileSync(join(path, 'big.jar')).equals(BIG)).toBe(true);
  });

  test('asks for nothing when all had come', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    mkdirSync(join(directory, lock.name));
    writeFileSync(join(directory, lock.name, `big.jar.${process.pid}-0.part`), BIG);
    await fetchLocks([lock]);
    expect(source.asked).toEqual([]);
    expect(stored()).toEqual(['big.jar']);
  });

  test('goes on in the same process after it was stopped', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    const stop = new AbortController();
    source.answers.push(stallAfter(100_000));
    const onProgress = ({ doneBytes }: ArtifactProgress): void => {
      if (doneBytes === 100_000) stop.abort(new Error('enough'));
    };
    await expect(fetchLocks([lock], { signal: stop.signal, onProgress })).rejects.toThrow('enough');
    await fetchLocks([lock]);
    expect(source.asked).toEqual(['big.jar', 'big.jar bytes=100000-']);
    expect(stored()).toEqual(['big.jar']);
  });

  test('begins anew when what is there is not the beginning of the file', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    mkdirSync(join(directory, lock.name));
    writeFileSync(join(directory, lock.name, `big.jar.${process.pid}-0.part`), someBytes('other', 4000));
    const [path] = (await fetchLocks([lock])).values();
    expect(source.asked).toEqual(['big.jar bytes=4000-', 'big.jar']);
    expect(readFileSync(join(path, 'big.jar')).equals(BIG)).toBe(true);
  });
});

function spawnFetch(lock: ArtifactLock): ReturnType<typeof spawn> {
  const file = join(directory, 'lock');
  writeFileSync(file, formatLock(lock.jars));
  const script = join(import.meta.dirname, 'fetch-process.ts');
  return spawn(process.execPath, [script, directory, source.url, file], { stdio: 'inherit' });
}

function parts(): string[] {
  return stored().filter((name) => name.endsWith('.part'));
}

describe('processes', () => {
  test('one leaves alone what another one that lives is writing', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    const part = `big.jar.${process.ppid}-1.part`;
    mkdirSync(join(directory, lock.name));
    writeFileSync(join(directory, lock.name, part), BIG.subarray(0, 1000));
    await fetchLocks([lock]);
    expect(source.asked).toEqual(['big.jar']);
    expect(stored()).toEqual(['big.jar', part]);
  });

  test('one goes on where another was killed', async () => {
    const lock = lockOf('kafka', source.add('big.jar', BIG));
    const stalled = new Promise<void>((resolve) => source.answers.push(stallAfter(100_000, resolve)));
    const killed = spawnFetch(lock);
    await stalled;
    const length = (): number =>
      parts().reduce((sum, name) => sum + readFileSync(join(directory, lock.name, name)).length, 0);
    await expect.poll(length).toBe(100_000);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const [path] = (await fetchLocks([lock])).values();
    expect(source.asked).toEqual(['big.jar', 'big.jar bytes=100000-']);
    expect(readFileSync(join(path, 'big.jar')).equals(BIG)).toBe(true);
    expect(parts()).toEqual([]);
  });

  test('two at once do each other no harm', async () => {
    const files = Array.from({ length: 8 }, (_, index) =>
      source.add(`${index}.jar`, someBytes(String(index), 50_000)),
    );
    const lock = lockOf('kafka', ...files);
    // Each file waits until both have asked for it.
    const held = new Map<Buffer, () => void>();
    source.answer = (response, bytes, begun) => {
      const other = held.get(bytes);
      if (other === undefined) {
        held.set(bytes, () => send(response, bytes, begun));
        return;
      }
      other();
      send(response, bytes, begun);
    };
    const ends = await Promise.all([spawnFetch(lock), spawnFetch(lock)].map((child) => once(child, 'exit')));
    expect(ends).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(source.asked).toHaveLength(16);
    for (const { path } of files)
      expect(readFileSync(join(directory, lock.name, path)).equals(source.files.get(path)!)).toBe(true);
    expect(stored()).toEqual([...files.map(({ path }) => path), 'lock']);
    expect(existsSync(join(directory, lock.name))).toBe(true);
  });
});
