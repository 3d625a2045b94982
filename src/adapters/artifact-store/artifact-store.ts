import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AdtallyError } from '../../base/errors.ts';
import { readArtifactLock, type ArtifactGroup, type ArtifactLock, type LockedFile } from './artifact-lock.ts';
import { FetchProgress, type ArtifactProgress } from './fetch-progress.ts';
import { download } from './http-source.ts';
import { copyFiles, downloadWheel, unpack } from './package-clients.ts';
import { checkFile, inStaging, placeCopy, placeFile, releasePart, sizeOf, takePart } from './stored-file.ts';

export interface FetchOptions {
  /** Default: artifactsDirectory(). */
  readonly directory?: string;
  readonly onProgress?: (progress: ArtifactProgress) => void;
  /** Stops the fetch, which rejects with the signal's reason; the next one goes on from there. */
  readonly signal?: AbortSignal;
  readonly sources?: ArtifactSources;
  /** Instead of the locks of this version. */
  readonly locks?: (group: ArtifactGroup) => ArtifactLock;
}

/** Mirrors to fetch from over HTTP. Without one, the Maven and the pip of this machine fetch, from where they are set up to. */
export interface ArtifactSources {
  /** URL of a Maven repository. */
  readonly maven?: string | undefined;
  /** URL under which the paths of the Python package index's files ("packages/…") stand. */
  readonly pypi?: string | undefined;
}

/** A file that some of the groups lack. */
interface Wanted {
  readonly file: LockedFile;
  readonly targets: readonly string[];
}

interface Fetch {
  readonly directory: string;
  readonly sources: ArtifactSources;
  readonly progress: FetchProgress;
}

type Task = (signal: AbortSignal) => Promise<void>;

const PARALLEL = 6;

/** Where artifacts are kept when nothing else is said: in the user's cache. */
export function artifactsDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'adtally', 'artifacts');
}

/**
 * Fetches what is missing of the groups; resolves with the directory of jars of each, so that DIRECTORY/* is a class path. Every
 * byte is checked against the lock before it stands there. Several processes may do this at once. Throws AdtallyError
 * artifact_unreachable, artifact_invalid or disk_failed.
 */
export async function fetchArtifacts(
  groups: readonly ArtifactGroup[],
  options: FetchOptions = {},
): Promise<ReadonlyMap<ArtifactGroup, string>> {
  const { directory = artifactsDirectory(), locks = readArtifactLock } = options;
  const wanted = [...new Set(groups)].map(locks);
  const fetch: Fetch = {
    directory,
    sources: options.sources ?? environmentSources(),
    progress: new FetchProgress(options.onProgress),
  };
  try {
    for (const { name } of wanted) await mkdir(join(directory, name), { recursive: true });
    await runTasks(await planTasks(wanted, fetch), options.signal);
  } catch (error) {
    throw diskFailure(error, directory);
  }
  return new Map(wanted.map(({ group, name }) => [group, join(directory, name)]));
}

function environmentSources(): ArtifactSources {
  return {
    maven: process.env['ADTALLY_MAVEN_URL'] || undefined,
    pypi: process.env['ADTALLY_PYPI_URL'] || undefined,
  };
}

/** What is to be done, the largest files first: the longest one sets how long it takes. */
async function planTasks(locks: readonly ArtifactLock[], fetch: Fetch): Promise<Task[]> {
  const claimed = new Set<string>();
  const single: Wanted[] = [];
  const tasks: Task[] = [];
  const byMaven: Wanted[][] = [];
  for (const lock of locks) {
    const lacks = await findMissing(lock, locks, claimed, fetch);
    const maven = lacks.filter(({ file }) => file.origin === 'maven');
    if (fetch.sources.maven !== undefined) single.push(...maven);
    else if (maven.length > 0) byMaven.push(maven);
    const inside = lacks.filter(({ file }) => file.origin === 'wheel');
    const { wheel } = lock;
    if (wheel === undefined) continue;
    fetch.progress.add(wheel, inside.length === 0);
    if (inside.length > 0) tasks.push((signal) => takeFromWheel(wheel, inside, fetch, signal));
  }
  // Two Mavens at once would write to one local repository; in one pom two versions of a jar exclude each other.
  if (byMaven.length > 0)
    tasks.push(async (signal) => {
      for (const files of byMaven) await takeByMaven(files, fetch, signal);
    });
  const bySize = single.toSorted((a, b) => b.file.bytes - a.file.bytes);
  fetch.progress.report();
  return [
    ...tasks,
    ...bySize.map(
      (want): Task =>
        (signal) =>
          takeByHttp(want, fetch, signal),
    ),
  ];
}

/** The files of `lock` that have to be fetched. One that several groups have comes once, or is copied when one has it already. */
async function findMissing(
  lock: ArtifactLock,
  locks: readonly ArtifactLock[],
  claimed: Set<string>,
  { directory, progress }: Fetch,
): Promise<Wanted[]> {
  const missing: Wanted[] = [];
  for (const file of lock.jars) {
    if (claimed.has(file.sha256)) continue;
    claimed.add(file.sha256);
    const places = locks
      .filter(({ jars }) => jars.some(({ sha256 }) => sha256 === file.sha256))
      .map(({ name, jars }) =>
        join(directory, name, basename(jars.find(({ sha256 }) => sha256 === file.sha256)!.path)),
      );
    const present: string[] = [];
    for (const place of places) if ((await sizeOf(place)) === file.bytes) present.push(place);
    const targets = places.filter((place) => !present.includes(place));
    if (present.length > 0) for (const target of targets) await placeCopy(present[0], target);
    else missing.push({ file, targets });
    if (file.origin === 'maven') progress.add(file, present.length > 0);
  }
  return missing;
}

async function takeByHttp({ file, targets }: Wanted, fetch: Fetch, signal: AbortSignal): Promise<void> {
  const part = await takePart(targets[0]);
  try {
    await downloadTo(part, file, fetch.sources.maven!, fetch, signal);
    await placeFile(part, targets);
    fetch.progress.done(file);
  } finally {
    releasePart(part);
  }
}

async function takeByMaven(wanted: readonly Wanted[], fetch: Fetch, signal: AbortSignal): Promise<void> {
  await inStaging(fetch.directory, async (staging) => {
    const files = wanted.map(({ file }) => file);
    await copyFiles(files, staging, { signal, onFile: (file) => fetch.progress.done(file) });
    for (const { file, targets } of wanted) {
      const path = join(staging, file.path);
      await checkFile(path, file, 'Maven');
      await placeFile(path, targets);
      fetch.progress.done(file);
    }
  });
}

/** The wheel itself is not kept: its jars are. */
async function takeFromWheel(
  wheel: LockedFile,
  inside: readonly Wanted[],
  fetch: Fetch,
  signal: AbortSignal,
): Promise<void> {
  await inStaging(fetch.directory, async (staging) => {
    const { pypi } = fetch.sources;
    if (pypi === undefined) {
      const path = await downloadWheel(wheel, staging, signal);
      await checkFile(path, wheel, 'pip');
      await unpackWheel(path, inside, staging, signal);
    } else {
      const part = await takePart(join(fetch.directory, basename(wheel.path)));
      try {
        await downloadTo(part, wheel, pypi, fetch, signal);
        await unpackWheel(part, inside, staging, signal);
        await rm(part);
      } finally {
        releasePart(part);
      }
    }
    fetch.progress.done(wheel);
  });
}

async function unpackWheel(
  path: string,
  inside: readonly Wanted[],
  staging: string,
  signal: AbortSignal,
): Promise<void> {
  const folders = new Set(inside.map(({ file }) => dirname(file.path)));
  for (const folder of folders) await unpack(path, folder, staging, signal);
  for (const { file, targets } of inside) {
    const jar = join(staging, file.path);
    await checkFile(jar, file, 'the wheel');
    await placeFile(jar, targets);
  }
}

async function downloadTo(
  part: string,
  file: LockedFile,
  source: string,
  { progress }: Fetch,
  signal: AbortSignal,
): Promise<void> {
  const url = `${source.replace(/\/$/, '')}/${file.path}`;
  await download({ url, file, part, signal, onBytes: (bytes) => progress.reached(file, bytes) });
}

/** Runs all, some at once. The first failure stops the others; nothing runs on when this is over. */
async function runTasks(tasks: readonly Task[], signal?: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any(signal === undefined ? [failed.signal] : [failed.signal, signal]);
  const rest = tasks.values();
  const work = async (): Promise<void> => {
    for (const task of rest) {
      if (stop.aborted) return;
      try {
        await task(stop);
      } catch (error) {
        failed.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  stop.throwIfAborted();
}

function diskFailure(error: unknown, directory: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (error instanceof AdtallyError || code === undefined || syscall === undefined) return error;
  return new AdtallyError('disk_failed', `The artifacts cannot be kept in ${directory}: ${message}.`, {
    cause: error,
  });
}
