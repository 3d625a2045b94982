import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatTime } from '../../model/event-time.ts';
import type { CommandDefinition } from '../command.ts';
import { readRunningFile, type RunningRegion } from '../running-file.ts';
import { addSettingOptions, formatSpec, readSpecOfRegion } from '../settings-options.ts';
import { formatSize, renderTable } from '../table.ts';

interface DataFile {
  /** Relative to the data directory. */
  readonly file: string;
  readonly bytes: number;
}

const PAGES: readonly (readonly [string, string])[] = [
  ['live page', '/'],
  ['send events', '/v1/events'],
  ['figures', '/v1/ad-minutes'],
  ['change feed', '/v1/changes/ad-minutes'],
  ['books', '/v1/audit'],
  ['quarantine', '/v1/quarantine'],
  ['reference', '/docs'],
  ['OpenAPI', '/openapi.json'],
  ['metrics', '/metrics'],
  ['health', '/healthz'],
  ['ready', '/readyz'],
];

export const lsCommand: CommandDefinition = {
  usage: 'ls',
  about: 'Show where everything is: URLs, data files and their sizes, limits and other settings',
  configure: (command) => addSettingOptions(command),
  run: async (command, terminal) => {
    const spec = await readSpecOfRegion(command);
    const directory = resolve(spec.data);
    const running = readRunningFile(directory);
    const files = listFiles(directory);
    const settings = running?.settings ?? formatSpec(spec);
    const urls =
      running === undefined
        ? {}
        : Object.fromEntries(PAGES.map(([name, path]) => [name, running.url + path]));
    terminal.result(
      { data: directory, running: running ?? null, urls, files, settings },
      describe(directory, running, files, settings),
    );
    return 0;
  },
};

function describe(
  directory: string,
  running: RunningRegion | undefined,
  files: readonly DataFile[],
  settings: Readonly<Record<string, string>>,
): string {
  const state =
    running === undefined
      ? `No region runs on ${directory}.`
      : `Region ${running.region} runs on ${directory} as process ${running.pid} since ${formatTime(running.startedAt)}.`;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = [state];
  if (running !== undefined)
    parts.push(
      renderTable(
        ['what', 'url'],
        PAGES.map(([name, path]) => [name, running.url + path]),
      ),
    );
  if (files.length > 0) {
    const rows = files.map(({ file, bytes }) => [file, formatSize(bytes)]);
    parts.push(renderTable(['file', 'size'], [...rows, ['in all', formatSize(total)]]));
  }
  parts.push(renderTable(['setting', 'value'], Object.entries(settings)));
  return parts.join('\n\n');
}

/** Everything in the data directory, by name; empty when there is none yet. */
function listFiles(directory: string): DataFile[] {
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .flatMap((file) => {
      // A running region may have removed it since.
      const stats = statSync(join(directory, file), { throwIfNoEntry: false });
      return stats?.isFile() === true ? [{ file, bytes: stats.size }] : [];
    });
}
