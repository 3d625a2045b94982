import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LockedFile } from '../../../src/adapters/artifact-store/artifact-lock.ts';
import { fetchArtifacts, type ArtifactSources } from '../../../src/adapters/artifact-store/artifact-store.ts';
import { ArtifactSource, locked, lockOf, someBytes } from './artifact-source.ts';

const WHEEL = 'packages/ab/cd/ef/some_flink-2.3.0-py2.py3-none-any.whl';
const INSIDE = someBytes('inside', 3000);
let folder: string;
let directory: string;
/** What the stand-ins of Maven and pip have to give, as in a repository. */
let repository: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'adtally-clients-'));
  directory = join(folder, 'cache');
  repository = join(folder, 'repository');
  path = join(folder, 'bin');
  for (const made of [directory, repository, path]) mkdirSync(made);
  vi.stubEnv('PATH', `${path}:${process.env['PATH']}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function program(name: string, script: string): void {
  writeFileSync(join(path, name), `#!/bin/sh\necho "$@" >> "${folder}/${name}.calls"\n${script}\n`);
  chmodSync(join(path, name), 0o755);
}

/** A Maven that "resolves" whatever is in the repository, and keeps the pom. */
function maven(): void {
  const copy = 'for a; do case "$a" in -DoutputDirectory=*) out="${a#*=}";; esac; done';
  program(
    'mvn',
    `cp "$3" "${folder}/pom.xml"\n${copy}\ncp -r "${repository}/." "$out"\necho "Downloaded from central: https://there/maven2/org/x/one/1/one-1.jar (3 kB)"`,
  );
}

function put(name: string, bytes: Buffer, origin: LockedFile['origin'] = 'maven'): LockedFile {
  mkdirSync(join(repository, dirname(name)), { recursive: true });
  writeFileSync(join(repository, name), bytes);
  return locked(name, bytes, origin);
}

/** A wheel with one jar in the folder that is taken, and one elsewhere. */
function wheel(): readonly [LockedFile, LockedFile] {
  const tree = join(folder, 'tree');
  for (const name of ['lib', 'opt']) mkdirSync(join(tree, 'pyflink', name), { recursive: true });
  writeFileSync(join(tree, 'pyflink/lib/inside.jar'), INSIDE);
  writeFileSync(join(tree, 'pyflink/opt/other.jar'), INSIDE);
  const packed = join(folder, 'packed.whl');
  execFileSync('jar', ['cfM', packed, '-C', tree, 'pyflink']);
  return [locked(WHEEL, readFileSync(packed), 'pypi'), locked('pyflink/lib/inside.jar', INSIDE, 'wheel')];
}

function fetchLock(files: readonly LockedFile[], sources: ArtifactSources = {}): Promise<unknown> {
  return fetchArtifacts(['flink'], { directory, sources, locks: (group) => lockOf(group, ...files) });
}

function stored(): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile() || entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted();
}

test('Maven brings exactly the files of the lock, and only what is missing', async () => {
  const one = put('org/x/one/1/one-1.jar', someBytes('one', 2000));
  const two = put('org/y/z/two/2.0/two-2.0-linux.jar', someBytes('two', 2000));
  maven();
  await fetchLock([one, two]);
  expect(stored()).toEqual(['one-1.jar', 'two-2.0-linux.jar']);
  const pom = readFileSync(join(folder, 'pom.xml'), 'utf8');
  expect(pom).toContain(
    '<groupId>org.x</groupId><artifactId>one</artifactId><version>1</version><exclusions>',
  );
  expect(pom).toContain(
    '<groupId>org.y.z</groupId><artifactId>two</artifactId><version>2.0</version><classifier>linux</classifier>',
  );
  await fetchLock([one, two]);
  expect(readFileSync(join(folder, 'mvn.calls'), 'utf8').trim().split('\n')).toHaveLength(1);
});

test('what Maven brings is checked', async () => {
  const one = put('org/x/one/1/one-1.jar', someBytes('one', 2000));
  put('org/x/one/1/one-1.jar', someBytes('two', 2000));
  maven();
  await expect(fetchLock([one])).rejects.toMatchObject({ code: 'artifact_invalid' });
  expect(stored()).toEqual([]);
});

test('a Maven that fails or is not there is told of', async () => {
  const one = put('org/x/one/1/one-1.jar', someBytes('one', 2000));
  program('mvn', 'echo "[INFO] x"; echo "[ERROR] Could not resolve org.x:one"; exit 1');
  const message = expect.stringContaining('Could not resolve org.x:one') as string;
  await expect(fetchLock([one])).rejects.toMatchObject({ code: 'artifact_unreachable', message });
  vi.stubEnv('PATH', join(folder, 'nothing'));
  const missing = expect.stringContaining('mvn cannot be run') as string;
  await expect(fetchLock([one])).rejects.toMatchObject({ code: 'artifact_unreachable', message: missing });
  expect(stored()).toEqual([]);
});

test('a stopped fetch ends the client', async () => {
  const one = put('org/x/one/1/one-1.jar', someBytes('one', 2000));
  program('mvn', `echo $$ > "${folder}/pid"\ntrap 'sleep 0.3; exit 1' TERM\nwhile :; do sleep 0.05; done`);
  const stop = new AbortController();
  const fetched = fetchArtifacts(['kafka'], {
    directory,
    sources: {},
    signal: stop.signal,
    locks: (group) => lockOf(group, one),
  });
  const pid = (): number =>
    existsSync(join(folder, 'pid')) ? Number(readFileSync(join(folder, 'pid'), 'utf8')) : 0;
  await expect.poll(pid).toBeGreaterThan(0);
  stop.abort(new Error('enough'));
  await expect(fetched).rejects.toThrow('enough');
  expect(() => process.kill(pid(), 0)).toThrow('ESRCH');
  expect(stored()).toEqual([]);
});

test('of a wheel its jars are kept, and it is fetched again only when one of them is missing', async () => {
  const [file, inside] = wheel();
  program(
    'python3',
    `while [ "$1" != -d ]; do shift; done\ncp "${folder}/packed.whl" "$2/${basename(WHEEL)}"`,
  );
  await fetchLock([file, inside]);
  await fetchLock([file, inside]);
  expect(stored()).toEqual(['inside.jar']);
  const calls = readFileSync(join(folder, 'python3.calls'), 'utf8').trim().split('\n');
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatch(/ some_flink==2\.3\.0$/);
});

test('a wheel comes over HTTP, is gone on with, and leaves its jars alone', async () => {
  const source = new ArtifactSource();
  await source.start();
  const [file, inside] = wheel();
  const bytes = readFileSync(join(folder, 'packed.whl'));
  source.add(WHEEL, bytes);
  writeFileSync(join(directory, `${basename(WHEEL)}.${process.pid}-0.part`), bytes.subarray(0, 1000));
  mkdirSync(join(directory, '.staging-999999999-abc'));
  await fetchLock([file, inside], { pypi: source.url });
  expect(source.asked).toEqual([`${WHEEL} bytes=1000-`]);
  expect(stored()).toEqual(['inside.jar']);
  const other = { ...inside, sha256: locked('x', Buffer.alloc(3000), 'wheel').sha256 };
  await expect(fetchLock([file, other], { pypi: source.url })).rejects.toMatchObject({
    code: 'artifact_invalid',
  });
  await source.stop();
});
