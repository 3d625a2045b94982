import { existsSync } from 'node:fs';
import { join } from 'node:path';
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

const HEADING = 'Settings';
/** The engine's own mark of a data directory; named here because the engine takes long to load. */
const MANIFEST_PATH = 'MANIFEST';

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

/** Where the demo keeps its data: beside a real region's, never among them. */
export function demoData(data: string): string {
  return join(data, 'demo');
}

/** Like readSpec, for a command that looks at a region: where there is none but the demo's, it means that one. */
export async function readSpecOfRegion(command: Command): Promise<PipelineSpec> {
  const spec = await readSpec(command);
  const isDemo = !hasRegion(spec.data) && hasRegion(demoData(spec.data));
  return isDemo ? { ...spec, data: demoData(spec.data) } : spec;
}

function hasRegion(directory: string): boolean {
  return existsSync(join(directory, MANIFEST_PATH));
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
