import { progress } from '@clack/prompts';
import { ARTIFACT_GROUPS, type ArtifactGroup } from '../../adapters/artifact-store/artifact-lock.ts';
import { artifactsDirectory, fetchArtifacts } from '../../adapters/artifact-store/artifact-store.ts';
import type { ArtifactProgress } from '../../adapters/artifact-store/fetch-progress.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { CommandDefinition } from '../command.ts';
import { INTERRUPTED_EXIT, listenForStop } from '../stop-signal.ts';
import { formatCount, formatSize, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const fetchCommand: CommandDefinition = {
  usage: 'fetch [group...]',
  about: 'Fetch the programs that the local cluster runs, as far as they are not there',
  more:
    `Groups: ${ARTIFACT_GROUPS.join(', ')}; all when none is named. They come by the Maven and the pip of this machine, or from the\n` +
    'mirrors that ADTALLY_MAVEN_URL and ADTALLY_PYPI_URL name, and every file is checked against its SHA-256 in the lock.\n' +
    'Stopped, the same command again goes on from there.',
  configure: (command) =>
    command.option(
      '--directory <path>',
      'where they are kept, each group in a folder (default: adtally/artifacts in the cache of the user)',
    ),
  run: async (command, terminal) => {
    const stop = listenForStop();
    const groups = readGroups(command.processedArgs[0] as string[]);
    const { directory } = { directory: artifactsDirectory(), ...command.opts<{ directory?: string }>() };
    let fetched: Fetched;
    try {
      fetched = await fetchWithBar(groups, directory, stop.signal, terminal);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      terminal.remark('Stopped before the end: the same command again goes on from here.');
      return INTERRUPTED_EXIT;
    }
    const { directories, totalBytes, fetchedBytes, files } = fetched;
    const value = { groups: Object.fromEntries(directories), files, totalBytes, fetchedBytes };
    terminal.result(value, describe(fetched));
    return 0;
  },
};

interface Fetched {
  readonly directories: ReadonlyMap<ArtifactGroup, string>;
  readonly files: number;
  readonly totalBytes: number;
  /** Of them, those that were not there before. */
  readonly fetchedBytes: number;
}

function readGroups(names: readonly string[]): readonly ArtifactGroup[] {
  const known: readonly string[] = ARTIFACT_GROUPS;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new AdtallyError('usage', `There is no group ${unknown}: they are ${ARTIFACT_GROUPS.join(', ')}.`);
  return names.length === 0 ? ARTIFACT_GROUPS : (names as ArtifactGroup[]);
}

/** Fetches with a progress bar, where there is a terminal to draw it. */
export async function fetchWithBar(
  groups: readonly ArtifactGroup[],
  directory: string,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<Fetched> {
  const bar = terminal.interactive ? progress({ max: 1000 }) : undefined;
  let first: ArtifactProgress | undefined;
  let last: ArtifactProgress | undefined;
  let drawn = 0;
  bar?.start('Fetching');
  // The bar takes Ctrl-C as a key and ends the process with 0; as a signal it stops the fetch in good order.
  if (bar !== undefined && process.stdin.isTTY) process.stdin.setRawMode(false);
  const onProgress = (state: ArtifactProgress): void => {
    first ??= state;
    last = state;
    const reached = Math.floor((state.doneBytes / state.totalBytes) * 1000);
    bar?.advance(reached - drawn, `${formatSize(state.doneBytes)} of ${formatSize(state.totalBytes)}`);
    drawn = reached;
  };
  try {
    const directories = await fetchArtifacts(groups, { directory, signal, onProgress });
    const { files = 0, totalBytes = 0, doneBytes = 0 } = last ?? {};
    bar?.stop(`${formatCount(files)} files are there`);
    return { directories, files, totalBytes, fetchedBytes: doneBytes - (first?.doneBytes ?? 0) };
  } catch (error) {
    bar?.error('The fetch stopped');
    throw error;
  }
}

function describe({ directories, files, totalBytes, fetchedBytes }: Fetched): string {
  const all = `${formatCount(files)} files, ${formatSize(totalBytes)}`;
  const news = fetchedBytes === 0 ? 'all were there' : `${formatSize(fetchedBytes)} of them fetched now`;
  return `${all}; ${news}.\n${renderTable(['group', 'directory'], [...directories])}`;
}
