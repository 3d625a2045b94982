import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatTime } from '../../model/event-time.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { CommandDefinition } from '../command.ts';
import { readRunningFile, type RunningRegion } from '../running-file.ts';
import { addSettingOptions, formatSpec, readSpecsOfRegions } from '../settings-options.ts';
import { formatSize, renderTable } from '../table.ts';

interface DataFile {
  /** Relative to the data directory. */
  readonly file: string;
  readonly bytes: number;
}

/** What there is of a region on this machine. */
interface ListedRegion {
  /** Its data directory, absolute. */
  readonly data: string;
  /** Null when it does not run. */
  readonly running: RunningRegion | null;
  readonly urls: Readonly<Record<string, string>>;
  readonly files: readonly DataFile[];
  readonly settings: Readonly<Record<string, string>>;
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
  more: 'Of several regions on this machine it shows each; with --json the first one, and the others as "others".',
  configure: (command) => addSettingOptions(command),
  run: async (command, terminal) => {
    const [first, ...others] = (await readSpecsOfRegions(command)).map(listRegion);
    terminal.result({ ...first, others }, describe([first, ...others]));
    return 0;
  },
};

function listRegion(spec: PipelineSpec): ListedRegion {
  const data = resolve(spec.data);
  const running = readRunningFile(data);
  const urls =
    running === undefined ? {} : Object.fromEntries(PAGES.map(([name, path]) => [name, running.url + path]));
  return {
    data,
    running: running ?? null,
    urls,
    files: listFiles(data),
    settings: running?.settings ?? formatSpec(spec),
  };
}

/** The settings of regions on one machine differ in little: they are told once, with the first. */
function describe(regions: readonly ListedRegion[]): string {
  const parts = regions.flatMap(describeRegion);
  const { settings } = regions[0];
  return [...parts, renderTable(['setting', 'value'], Object.entries(settings))].join('\n\n');
}

function describeRegion({ data, running, urls, files }: ListedRegion): string[] {
  const state =
    running === null
      ? `No region runs on ${data}.`
      : `Region ${running.region} runs on ${data} as process ${running.pid} since ${formatTime(running.startedAt)}.`;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = [state];
  if (running !== null) parts.push(renderTable(['what', 'url'], Object.entries(urls)));
  if (files.length > 0) {
    const rows = files.map(({ file, bytes }) => [file, formatSize(bytes)]);
    parts.push(renderTable(['file', 'size'], [...rows, ['in all', formatSize(total)]]));
  }
  return parts;
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
