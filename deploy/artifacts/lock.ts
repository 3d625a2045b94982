/**
 * Writes the locks of the local cluster's artifacts anew, after a change of a version: `node deploy/artifacts/lock.ts [GROUP…]`.
 * Maven resolves the pom.xml of each group; what it brings is hashed.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  ARTIFACT_GROUPS,
  formatLock,
  parseArtifactLock,
  type ArtifactGroup,
  type LockedFile,
} from '../../src/adapters/artifact-store/artifact-lock.ts';
import {
  copyDependencies,
  downloadRelease,
  unpack,
} from '../../src/adapters/artifact-store/package-clients.ts';
import { sha256OfFile } from '../../src/adapters/artifact-store/stored-file.ts';

/** Releases of the Python package index, of whose wheel one folder is taken. */
const WHEELS: Partial<Record<ArtifactGroup, { readonly release: string; readonly folder: string }>> = {
  flink: { release: 'apache-flink-libraries==2.3.0', folder: 'pyflink/lib' },
};
const LOCKS = new URL('../../src/adapters/artifact-store/locks/', import.meta.url);
const never = new AbortController().signal;

const asked = process.argv.slice(2);
for (const group of ARTIFACT_GROUPS.filter((name) => asked.length === 0 || asked.includes(name))) {
  const text = formatLock([...(await mavenFiles(group)), ...(await wheelFiles(group))]);
  const { jars, name } = parseArtifactLock(group, text);
  writeFileSync(new URL(`${group}.lock`, LOCKS), text);
  console.log(`${name}: ${jars.length} jars, ${jars.reduce((sum, { bytes }) => sum + bytes, 0)} bytes`);
}

async function mavenFiles(group: ArtifactGroup): Promise<LockedFile[]> {
  return inTemporary(async (directory) => {
    await copyDependencies(join(import.meta.dirname, group, 'pom.xml'), directory, { signal: never });
    return lockFiles(directory, '', 'maven');
  });
}

async function wheelFiles(group: ArtifactGroup): Promise<LockedFile[]> {
  const wheel = WHEELS[group];
  if (wheel === undefined) return [];
  return inTemporary(async (directory) => {
    await downloadRelease(wheel.release, directory, never);
    const [name] = readdirSync(directory);
    const path = join(directory, name);
    await unpack(path, wheel.folder, directory, never);
    const { sha256, bytes } = await lockFile(path, name, 'pypi');
    return [
      { sha256, bytes, origin: 'pypi', path: indexPath(path, name) },
      ...(await lockFiles(directory, wheel.folder, 'wheel')),
    ];
  });
}

/** The package index keeps a file under its BLAKE2b sum of 256 bits, which Python has and Node has not. */
function indexPath(path: string, name: string): string {
  const code =
    'import hashlib,sys;print(hashlib.file_digest(open(sys.argv[1],"rb"),lambda:hashlib.blake2b(digest_size=32)).hexdigest())';
  const sum = execFileSync('python3', ['-c', code, path], { encoding: 'utf8' }).trim();
  return `packages/${sum.slice(0, 2)}/${sum.slice(2, 4)}/${sum.slice(4)}/${name}`;
}

async function lockFiles(
  directory: string,
  under: string,
  origin: LockedFile['origin'],
): Promise<LockedFile[]> {
  const found = readdirSync(join(directory, under), { recursive: true, encoding: 'utf8' });
  const paths = found.filter((name) => name.endsWith('.jar')).map((name) => join(directory, under, name));
  return Promise.all(paths.map((path) => lockFile(path, relative(directory, path), origin)));
}

async function lockFile(path: string, name: string, origin: LockedFile['origin']): Promise<LockedFile> {
  return { sha256: await sha256OfFile(path), bytes: statSync(path).size, origin, path: name };
}

async function inTemporary<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'adtally-lock-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
