import { confirm } from '@clack/prompts';
import { AdtallyError } from '../../base/errors.ts';
import { MINUTE_MS, parseDuration } from '../../base/units.ts';
import { BackfillSender } from '../backfill/backfill-sender.ts';
import type { CommandDefinition } from '../command.ts';
import { findImportFile } from '../import/import-file.ts';
import type { ImportReport } from '../import/importer.ts';
import { addSourceOptions, readMapping, type SourceFlags } from '../import/source-options.ts';
import { addRegionOptions, findRegions } from '../region-address.ts';
import { INTERRUPTED_EXIT, listenForStop } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { describeReport, runImport } from './import.ts';

interface Flags extends SourceFlags {
  readonly maxAge: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

interface Run {
  readonly report: ImportReport;
  readonly sender: BackfillSender;
}

export const backfillCommand: CommandDefinition = {
  usage: 'backfill <file...>',
  about: 'Fill in old events of CSV or NDJSON files, up to an age that is given',
  more:
    'The same rules as for all events, but for the age. What was counted before is not counted again, so done twice it changes\n' +
    'nothing. Figures that were final change. On a terminal it shows first what would change, and asks. See docs/import.md.',
  configure: (command) => {
    command
      .requiredOption('--max-age <duration>', 'events up to this age count, such as 3d')
      .option('--dry-run', 'say what would change, and change nothing')
      .option('--yes', 'do not ask');
    addSourceOptions(command, 5000);
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const paths = command.processedArgs[0] as string[];
    const flags = command.opts<Flags>();
    checkAge(flags.maxAge);
    const mapping = readMapping(flags);
    const files = paths.map((path) => findImportFile(path, mapping));
    const { sender, urls } = await findRegions(command, { patienceMs: 5 * MINUTE_MS });
    if (urls.length > 1) throw new AdtallyError('usage', 'Old events go to one region: give one --url.');
    const options = {
      files,
      mapping,
      target: `backfill ${flags.maxAge} ${urls[0]}`,
      timeShift: undefined,
      source: flags.source,
      again: flags.again ?? false,
      skipBadRows: flags.skipBadRows ?? false,
      batchEvents: flags.batch,
      stop: stop.signal,
    };
    const preview = async (): Promise<Run> => {
      const trying = new BackfillSender(sender, flags.maxAge, true);
      const report = await runImport(
        { ...options, sender: trying, statePath: null },
        terminal,
        'Looking what would change',
      );
      return { report, sender: trying };
    };
    if (flags.dryRun === true) return tell(await preview(), true, terminal);
    if (flags.yes !== true && terminal.interactive && process.stdin.isTTY) {
      const run = await preview();
      if (run.report.outcome === 'interrupted') return INTERRUPTED_EXIT;
      terminal.remark(`${describe(run, true)}\n`);
      if ((await confirm({ message: 'Fill these events in?', initialValue: false })) !== true) {
        terminal.result({ outcome: 'declined' }, 'Nothing was changed.');
        return 0;
      }
    }
    const filling = new BackfillSender(sender, flags.maxAge, false);
    const statePath = flags.state ?? `${paths[0]}.adtally-backfill.json`;
    const report = await runImport({ ...options, sender: filling, statePath }, terminal, 'Filling in');
    return tell({ report, sender: filling }, false, terminal);
  },
};

function checkAge(maxAge: string): void {
  if ((parseDuration(maxAge) ?? 0) > 0) return;
  throw new AdtallyError('usage', `--max-age is "${maxAge}"; it must be a duration such as 3d.`);
}

function tell(run: Run, isDryRun: boolean, terminal: Terminal): number {
  const { report, sender } = run;
  const result = { dryRun: isDryRun, ...report, changes: sender.difference.changes() };
  terminal.result(result, describe(run, isDryRun));
  return report.outcome === 'interrupted' ? INTERRUPTED_EXIT : 0;
}

function describe({ report, sender }: Run, isDryRun: boolean): string {
  if (report.outcome === 'nothing_to_do') return describeReport(report);
  const heading = isDryRun ? 'This would be added:' : 'This was added:';
  // Of a dry run there is no progress to keep.
  const told = describeReport(isDryRun ? { ...report, statePath: '' } : report);
  const lines = [heading, sender.difference.table(), '', told];
  if (isDryRun) lines.push('Nothing was changed.');
  return lines.join('\n');
}
