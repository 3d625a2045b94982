import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { ERRORS } from '../base/errors.ts';
import type { CommandDefinition, CommandGroup } from './command.ts';
import { budgetCommands } from './cluster/budget/budget.ts';
import { enricherCommand } from './cluster/enricher/enricher.ts';
import { gatewayCommand } from './cluster/gateway/gateway.ts';
import { auditCommand } from './commands/audit.ts';
import { backfillCommand } from './commands/backfill.ts';
import { campaignsCommand } from './commands/campaigns.ts';
import { clusterCommands } from './cluster/cluster.ts';
import { demoCommand } from './commands/demo.ts';
import { enrichCommands } from './commands/enrich.ts';
import { generateCommand } from './commands/generate.ts';
import { importCommand } from './commands/import.ts';
import { keyCommands } from './commands/keys.ts';
import { lsCommand } from './commands/ls.ts';
import { quarantineCommands } from './commands/quarantine.ts';
import { rebuildCommand, replayCommand } from './commands/rebuild.ts';
import { reportCommand } from './commands/report.ts';
import { sqlCommand } from './commands/sql.ts';
import { startCommand } from './commands/start.ts';
import { INTERRUPTED_EXIT } from './stop-signal.ts';
import { Terminal } from './terminal.ts';

const COMMANDS: readonly (CommandDefinition | CommandGroup)[] = [
  startCommand,
  gatewayCommand,
  budgetCommands,
  enricherCommand,
  demoCommand,
  importCommand,
  backfillCommand,
  generateCommand,
  reportCommand,
  sqlCommand,
  auditCommand,
  rebuildCommand,
  replayCommand,
  campaignsCommand,
  enrichCommands,
  quarantineCommands,
  keyCommands,
  clusterCommands,
  lsCommand,
];

/** What the exit codes mean, each with the errors that end with it. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'all went well'],
  ...exitCodesOfErrors(),
  [INTERRUPTED_EXIT, 'stopped by Ctrl-C or SIGTERM before the end'],
];

/** The whole command line; `onExit` hears the exit code of the command that ran. */
export function buildProgram(onExit: (code: number) => void): Command {
  const program = new Command('adtally')
    .description(manifest.description)
    .version(manifest.version, '-v, --version')
    .showSuggestionAfterError()
    .showHelpAfterError('(adtally COMMAND --help tells more)')
    .exitOverride()
    .addHelpText(
      'after',
      `\nExit codes:\n${EXIT_CODES.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`,
    );
  for (const definition of COMMANDS) {
    const command = program.command(definition.usage).description(definition.about);
    if ('run' in definition) addRun(command, definition, onExit);
    else {
      for (const part of definition.commands)
        addRun(command.command(part.usage).description(part.about), part, onExit);
    }
  }
  return program;
}

/** Runs the command that `args` name; resolves to its exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exit = 0;
  const program = buildProgram((code) => {
    exit = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has said what is wrong already; help and version are no errors.
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : ERRORS.usage.exit;
  }
  return exit;
}

function addRun(command: Command, definition: CommandDefinition, onExit: (code: number) => void): void {
  definition.configure(command);
  command.option('--json', 'write JSON instead of text');
  if (definition.more !== undefined) command.addHelpText('after', `\n${definition.more}`);
  command.action(async () => {
    const terminal = new Terminal(command.getOptionValue('json') === true);
    try {
      onExit(await definition.run(command, terminal));
    } catch (error) {
      onExit(terminal.failure(error));
    }
  });
}

function exitCodesOfErrors(): [number, string][] {
  const codes = Map.groupBy(Object.entries(ERRORS), ([, { exit }]) => exit);
  return [...codes]
    .toSorted(([a], [b]) => a - b)
    .map(([exit, errors]) => [exit, errors.map(([code]) => code).join(', ')]);
}
