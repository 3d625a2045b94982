import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { assert } from '../../base/assert.ts';
import { sha256Hex } from '../../base/checksum.ts';

export const ARTIFACT_GROUPS = ['kafka', 'flink', 'flink-gateway', 'pinot', 'hive', 'hive-last'] as const;
/** The jars of one program of the local cluster. */
export type ArtifactGroup = (typeof ARTIFACT_GROUPS)[number];

/** Where a file comes from: a Maven repository, the Python package index, or out of the wheel of the same lock. */
const ORIGINS = ['maven', 'pypi', 'wheel'] as const;
type Origin = (typeof ORIGINS)[number];

/** A file whose bytes are known before it is fetched. */
export interface LockedFile {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly bytes: number;
  readonly origin: Origin;
  /** In the repository, the index or the wheel. */
  readonly path: string;
}

/** Exactly what a group is made of. */
export interface ArtifactLock {
  readonly group: ArtifactGroup;
  /** The group and the first digits of the lock's sum: another lock is another directory. */
  readonly name: string;
  /** What is on the class path in the end, each by its own base name. */
  readonly jars: readonly LockedFile[];
  /** What the jars of origin `wheel` are taken out of. */
  readonly wheel: LockedFile | undefined;
}

const LINE = /^([0-9a-f]{64}) (\d{1,12}) (maven|pypi|wheel) (\S+)$/;

/** The lock of a group, as it is in this version of adtally. */
export function readArtifactLock(group: ArtifactGroup): ArtifactLock {
  return parseArtifactLock(group, readFileSync(new URL(`./locks/${group}.lock`, import.meta.url), 'utf8'));
}

/** Reads what formatLock wrote. The text is part of the program: whatever is wrong with it fails an assertion. */
export function parseArtifactLock(group: ArtifactGroup, text: string): ArtifactLock {
  const files = text.trimEnd().split('\n').map(parseLine);
  assert(formatLock(files) === text, `the lock of ${group} is not as formatLock writes it`);
  const jars = files.filter(({ origin }) => origin !== 'pypi');
  const wheels = files.filter(({ origin }) => origin === 'pypi');
  const unpacks = jars.some(({ origin }) => origin === 'wheel');
  assert(wheels.length === (unpacks ? 1 : 0), `the lock of ${group} has no wheel, or one too many`);
  const names = new Set(jars.map(({ path }) => basename(path)));
  assert(names.size === jars.length, `the lock of ${group} names a jar twice`);
  return { group, name: `${group}-${sha256Hex(text).slice(0, 12)}`, jars, wheel: wheels[0] };
}

/** One line a file, sorted by path: `sha256 bytes origin path`. */
export function formatLock(files: readonly LockedFile[]): string {
  return files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ sha256, bytes, origin, path }) => `${sha256} ${bytes} ${origin} ${path}\n`)
    .join('');
}

function parseLine(line: string): LockedFile {
  const match = LINE.exec(line);
  assert(match !== null, `a lock has the line "${line}"`);
  const [, sha256, bytes, origin, path] = match;
  assert(!path.startsWith('/') && !path.split('/').includes('..'), `a lock leads out to ${path}`);
  return { sha256, bytes: Number(bytes), origin: origin as Origin, path };
}
