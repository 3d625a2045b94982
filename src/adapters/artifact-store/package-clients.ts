import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { AdtallyError } from '../../base/errors.ts';
import type { LockedFile } from './artifact-lock.ts';

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies';
const LAST_LINES = 5;

interface ClientRun {
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/**
 * Has Maven copy what a pom depends on into `directory`, laid out like a repository. Maven knows the mirrors, proxies and
 * credentials of this machine, and fetches nothing that it has. Throws AdtallyError artifact_unreachable.
 */
export async function copyDependencies(pom: string, directory: string, run: ClientRun): Promise<void> {
  await mkdir(directory, { recursive: true });
  const wanted = [
    '-Dmdep.useRepositoryLayout=true',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${directory}`,
  ];
  await runClient('mvn', ['-B', '-f', pom, COPY, ...wanted], run);
}

/** Has Maven bring exactly these files into `directory`; `onFile` hears of each that it had to fetch. */
export async function copyFiles(
  files: readonly LockedFile[],
  directory: string,
  { signal, onFile }: { readonly signal: AbortSignal; readonly onFile: (file: LockedFile) => void },
): Promise<void> {
  const pom = join(directory, 'pom.xml');
  await writeFile(pom, pomOf(files));
  const byPath = new Map(files.map((file) => [file.path, file]));
  await copyDependencies(pom, directory, {
    signal,
    onLine: (line) => {
      const url = /Downloaded from \S+: (\S+)/.exec(line)?.[1];
      const file = url === undefined ? undefined : byPath.get(pathIn(url, byPath));
      if (file !== undefined) onFile(file);
    },
  });
}

/** Has pip download one wheel; resolves with its path. */
export async function downloadWheel(
  wheel: LockedFile,
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  const name = basename(wheel.path);
  const [project, version] = name.split('-');
  await downloadRelease(`${project}==${version}`, directory, signal);
  return join(directory, name);
}

/** Has pip download the wheel of a release, "NAME==VERSION", into `directory`. Throws AdtallyError artifact_unreachable. */
export async function downloadRelease(
  release: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const only = ['--no-deps', '--only-binary', ':all:', '--progress-bar', 'off'];
  await runClient('python3', ['-m', 'pip', 'download', ...only, '-d', directory, release], { signal });
}

/** Unpacks the folder `folder` of a zip file into `directory`. */
export async function unpack(
  zip: string,
  folder: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  await runClient('jar', ['xf', zip, folder], { signal }, directory);
}

async function runClient(
  program: string,
  args: readonly string[],
  run: ClientRun,
  cwd?: string,
): Promise<void> {
  const { signal, onLine } = run;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      onLine?.(line);
      if (/error/i.test(line)) last.push(line.trim());
    });
  }
  let failure: Error | undefined;
  child.on('error', (error) => (failure = error));
  // Also after an abort: whoever cleans up behind the client must not meet it.
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  signal.throwIfAborted();
  if (failure !== undefined) {
    const detail = `${program} cannot be run: ${failure.message}. Install it, or name a mirror to fetch from.`;
    throw new AdtallyError('artifact_unreachable', detail, { cause: failure });
  }
  if (code === 0) return;
  const said = last.slice(0, LAST_LINES).join('\n');
  throw new AdtallyError('artifact_unreachable', `${program} ended with ${String(code)}: ${said}`);
}

function pathIn(url: string, byPath: ReadonlyMap<string, unknown>): string {
  const parts = new URL(url).pathname.split('/');
  const ends = parts.map((_, index) => parts.slice(index).join('/'));
  return ends.find((end) => byPath.has(end)) ?? '';
}

/** Each file alone: what it depends on is in the lock itself. */
function pomOf(files: readonly LockedFile[]): string {
  const all =
    '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const dependencies = files.map(({ path }) => `<dependency>${coordinates(path)}${all}</dependency>`);
  const self =
    '<groupId>adtally</groupId><artifactId>artifacts</artifactId><version>1</version><packaging>pom</packaging>';
  return `<project><modelVersion>4.0.0</modelVersion>${self}<dependencies>\n${dependencies.join('\n')}\n</dependencies></project>\n`;
}

/** "org/x/name/1.0/name-1.0-linux.jar" as the elements of a pom. */
function coordinates(path: string): string {
  const parts = path.split('/');
  const [name, version, file] = parts.slice(-3);
  const classifier = file.slice(`${name}-${version}`.length, -'.jar'.length).replace(/^-/, '');
  const more = classifier === '' ? '' : `<classifier>${classifier}</classifier>`;
  return `<groupId>${parts.slice(0, -3).join('.')}</groupId><artifactId>${name}</artifactId><version>${version}</version>${more}`;
}
