import type { Command, Option } from 'commander';
import { EXIT_CODES, buildProgram } from '../../src/cli/program.ts';
import { flagName, listSettings } from '../../src/pipeline/settings.ts';
import { block, code, page, table } from './markdown.ts';

const SETTING_FLAGS = new Set(listSettings().map(({ path }) => flagName(path)));

export function cliPage(): string {
  const program = buildProgram(() => {});
  return page(
    'Command line',
    'In a clone, `npm run adtally -- COMMAND`; installed as a package, `adtally COMMAND`. Every command explains itself with ' +
      '`--help`, and writes JSON with `--json`.',
    ...program.commands.flatMap((command) => commandBlocks(command, 'adtally')),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      EXIT_CODES.map(([exit, meaning]) => [String(exit), meaning]),
    ),
    'The names are explained in [errors](errors.md).',
  );
}

function commandBlocks(command: Command, above: string): string[] {
  const name = `${above} ${command.name()}`;
  const heading = `${'#'.repeat(name.split(' ').length)} ${name}`;
  if (command.commands.length > 0) {
    const inner = command.commands.flatMap((part) => commandBlocks(part, name));
    return [heading, `${command.description()}.`, ...inner];
  }
  const [settings, own] = partition(command.options.filter((option) => !option.hidden));
  return [
    heading,
    `${command.description()}.`,
    block('sh', `${name} ${command.usage()}`),
    ...(own.length === 0 ? [] : [table(['option', 'what it does', 'default'], own.map(optionRow))]),
    ...(settings.length === 0 ? [] : [settingsLine(settings)]),
  ];
}

/** Options that are settings, which a page of their own explains, and the others. */
function partition(options: readonly Option[]): [settings: Option[], own: Option[]] {
  return [
    options.filter(isSetting),
    options.filter((option) => !isSetting(option) && option.long !== '--json'),
  ];
}

function isSetting({ long }: Option): boolean {
  return SETTING_FLAGS.has(long ?? '');
}

function settingsLine(settings: readonly Option[]): string {
  if (settings.length === SETTING_FLAGS.size) return 'Every [setting](config.md) has an option, too.';
  return `[Settings](config.md): ${settings.map(({ flags }) => code(flags)).join(', ')}.`;
}

function optionRow({ flags, description, defaultValue, argChoices, envVar }: Option): string[] {
  const choices = argChoices === undefined ? '' : ` (${argChoices.map(code).join(', ')})`;
  const environment = envVar === undefined ? '' : `, or ${code(envVar)}`;
  return [
    code(flags) + environment,
    description + choices,
    defaultValue === undefined ? '' : code(String(defaultValue)),
  ];
}
