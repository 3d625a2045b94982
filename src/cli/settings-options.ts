import { Option, type Command } from 'commander';
import { describeAllowed, resolveSpec } from '../pipeline/pipeline-spec.ts';
import {
  environmentName,
  flagName,
  formatSetting,
  listSettings,
  type PipelineSpec,
} from '../pipeline/settings.ts';
import { AdtallyError } from '../base/errors.ts';
import { CONFIG_FILE_NAME, loadConfigFile } from './config-file.ts';
import { regionDirectories } from './regions/region-directories.ts';
import { readRunningFile } from './running-file.ts';

const HEADING = 'Settings';

/** Adds --config and a flag for every setting that `wanted` lets through. */
export function addSettingOptions(command: Command, wanted: (path: string) => boolean = () => true): Command {
  command.addOption(
    new Option('--config <file>', `configuration file (default: ${CONFIG_FILE_NAME} of this folder)`)
      .env('ADTALLY_CONFIG')
      .helpGroup(HEADING),
  );
  for (const { path, setting } of listSettings()) {
    if (!wanted(path)) continue;
    const about = `${setting.about} (${describeAllowed(setting)}; default ${formatSetting(setting, setting.default) || 'none'}; env ${environmentName(path)})`;
    command.addOption(new Option(`${flagName(path)} <${setting.kind}>`, about).helpGroup(HEADING));
  }
  return command;
}

/** The spec that file, environment and the command's flags give. Throws AdtallyError config_invalid. */
export async function readSpec(command: Command): Promise<PipelineSpec> {
  const file = command.getOptionValue('config') as string | undefined;
  const { config, path } = await loadConfigFile(file, process.cwd());
  try {
    return resolveSpec(config, { environment: process.env, flags: givenFlags(command) });
  } catch (error) {
    if (path === undefined || !(error instanceof AdtallyError)) throw error;
    throw new AdtallyError(error.code, `${error.message}\n(Configuration file: ${path})`, { cause: error });
  }
}

/** The configuration file and the settings of the command line, as another command of adtally takes them. */
export function givenArguments(command: Command): string[] {
  const file = command.getOptionValue('config') as string | undefined;
  const flags = Object.entries(givenFlags(command)).flatMap(([path, value]) => [flagName(path), value]);
  return file === undefined ? flags : ['--config', file, ...flags];
}

/**
 * Like readSpec, for a command that looks at a region: `data` is that of the region that `regionDirectories` names first, one that
 * runs where there is one.
 */
export async function readSpecOfRegion(command: Command): Promise<PipelineSpec> {
  const [first] = await readSpecsOfRegions(command);
  return first;
}

/** The same for all regions of this machine, at least one; those that run stand first. */
export async function readSpecsOfRegions(command: Command): Promise<[PipelineSpec, ...PipelineSpec[]]> {
  const spec = await readSpec(command);
  const directories = regionDirectories(spec.data, spec.regions);
  const isRunning = directories.map((data) => readRunningFile(data) !== undefined);
  const [first = spec.data, ...others] = [
    ...directories.filter((_data, index) => isRunning[index]),
    ...directories.filter((_data, index) => !isRunning[index]),
  ];
  return [{ ...spec, data: first }, ...others.map((data) => ({ ...spec, data }))];
}

/** Every setting with its value, as one would write it in the configuration. */
export function formatSpec(spec: PipelineSpec): Record<string, string> {
  return Object.fromEntries(
    listSettings().map(({ path, setting }) => {
      const value = path
        .split('.')
        .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], spec);
      return [path, formatSetting(setting, value)];
    }),
  );
}

/** Values of the flags by path of their setting. */
function givenFlags(command: Command): Record<string, string> {
  return Object.fromEntries(
    listSettings().flatMap(({ path }) => {
      const option = command.options.find((known) => known.long === flagName(path));
      // A command may have a flag of its own by the same name.
      if (option?.helpGroupHeading !== HEADING) return [];
      const value = command.getOptionValue(option.attributeName()) as string | undefined;
      return value === undefined ? [] : [[path, value]];
    }),
  );
}
