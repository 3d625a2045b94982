import { readFileSync } from 'node:fs';
import { progress } from '@clack/prompts';
import { Option } from 'commander';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import { VERDICTS } from '../../model/verdict.ts';
import { gather, wholeNumber, type CommandDefinition } from '../command.ts';
import { findImportFile } from '../import/import-file.ts';
import { Importer, type ImportOptions, type ImportReport } from '../import/importer.ts';
import {
  parseAssignment,
  parseMapping,
  PLAIN_MAPPING,
  TIME_FORMATS,
  withFields,
  type Mapping,
  type TimeFormat,
} from '../import/mapping.ts';
import { describeShift, parseTimeShift } from '../import/time-shift.ts';
import { addRegionsOptions, findRegions } from '../region-address.ts';
import { INTERRUPTED_EXIT, listenForStop } from '../stop-signal.ts';
import { formatCount, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { describeTraffic } from '../traffic/region-traffic.ts';

interface Flags {
  readonly map?: string;
  readonly column?: ReturnType<typeof parseAssignment>[];
  readonly value?: ReturnType<typeof parseAssignment>[];
  readonly format?: 'csv' | 'ndjson';
  readonly delimiter?: string;
  readonly timeFormat?: TimeFormat;
  readonly timeOffset?: string;
  readonly timeShift?: string;
  readonly source?: string;
  readonly state?: string;
  readonly again?: true;
  readonly skipBadRows?: true;
  readonly batch: number;
}

export const importCommand: CommandDefinition = {
  usage: 'import <file...>',
  about: 'Send the events of CSV or NDJSON files to a running region',
  more:
    'Event ids that a file lacks are made from its name and the row, so a file sent again counts nothing twice. What was sent is\n' +
    'kept beside the first file (FILE.adtally-import.json): the same command again goes on where it was. See docs/import.md.',
  configure: (command) => {
    command
      .option('--map <file>', 'mapping file: how rows become events')
      .option(
        '--column <field=column>',
        'take a field from a column; may be repeated',
        gather(parseAssignment),
      )
      .option(
        '--value <field=text>',
        'give a field one text for all rows; may be repeated',
        gather(parseAssignment),
      )
      .addOption(
        new Option('--format <name>', 'what the files hold, where the name does not say').choices([
          'csv',
          'ndjson',
        ]),
      )
      .option('--delimiter <character>', 'what separates the columns of CSV (default: comma)')
      .addOption(new Option('--time-format <name>', 'how times are written').choices(TIME_FORMATS))
      .option('--time-offset <offset>', 'offset of times that name none, such as +01:00 or Z')
      .option(
        '--time-shift <how>',
        'move old times: "now" puts the last one at now, "23h" also squeezes them into that span',
      )
      .option(
        '--source <name>',
        'goes into the event ids made here: the same file under another source counts again',
      )
      .option('--state <file>', 'where progress is kept')
      .option('--again', 'send everything again, as it was sent the first time')
      .option(
        '--skip-bad-rows',
        'leave out rows whose time or amount cannot be read, instead of stopping there',
      )
      .option('--batch <events>', 'events in one request', wholeNumber(1, 10_000), 1000);
    addRegionsOptions(command);
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const paths = command.processedArgs[0] as string[];
    const flags = command.opts<Flags>();
    const mapping = readMapping(flags);
    const files = paths.map((path) => findImportFile(path, mapping));
    const { sender, target } = await findRegions(command, { patienceMs: 5 * MINUTE_MS });
    const report = await runImport(
      {
        files,
        mapping,
        sender,
        target,
        timeShift: flags.timeShift === undefined ? undefined : parseTimeShift(flags.timeShift),
        source: flags.source,
        statePath: flags.state ?? `${paths[0]}.adtally-import.json`,
        again: flags.again ?? false,
        skipBadRows: flags.skipBadRows ?? false,
        batchEvents: flags.batch,
        stop: stop.signal,
      },
      terminal,
    );
    terminal.result(report, describeReport(report));
    return report.outcome === 'interrupted' ? INTERRUPTED_EXIT : 0;
  },
};

/** Runs an import with a progress bar, where there is a terminal to draw it. */
export async function runImport(
  options: Omit<ImportOptions, 'clock' | 'onProgress'>,
  terminal: Terminal,
): Promise<ImportReport> {
  const bar = terminal.interactive ? progress({ max: 1000 }) : undefined;
  let drawn = 0;
  const importer = new Importer({
    ...options,
    clock: nodeClock,
    onProgress: ({ bytesDone, bytesTotal, events }) => {
      const reached = Math.floor((bytesDone / bytesTotal) * 1000);
      bar?.advance(reached - drawn, `${formatCount(events)} events`);
      drawn = reached;
    },
  });
  if (importer.isComplete) return importer.run();
  if (options.mapping.about !== undefined) terminal.remark(options.mapping.about);
  const shift = await importer.planShift();
  if (shift !== null) terminal.remark(describeShift(shift));
  bar?.start('Importing');
  // The bar takes Ctrl-C as a key and ends the process with 0; as a signal it stops the import in good order.
  if (bar !== undefined && process.stdin.isTTY) process.stdin.setRawMode(false);
  const begunMs = nodeClock.monotonicMs();
  try {
    const report = await importer.run();
    const seconds = (nodeClock.monotonicMs() - begunMs) / SECOND_MS;
    const rate = formatCount(Math.round(report.events / seconds));
    bar?.stop(`${formatCount(report.events)} events in ${seconds.toFixed(1)} s (${rate}/s)`);
    return report;
  } catch (error) {
    bar?.error('The import stopped');
    throw error;
  }
}

/** What an import did, for people. */
export function describeReport(report: ImportReport): string {
  const { outcome, events, rows, rowsResumed, statePath } = report;
  if (outcome === 'nothing_to_do') {
    return `Nothing to do: all ${formatCount(rowsResumed)} rows were imported before (see ${statePath}). --again sends them again; nothing counts twice.`;
  }
  const resumed = rowsResumed === 0 ? '' : ` (${formatCount(rowsResumed)} rows had been sent before)`;
  const lines = [
    `${formatCount(rows)} rows sent as ${formatCount(events)} events${resumed}.`,
    renderTable(
      ['verdict', 'events'],
      VERDICTS.map((verdict) => [verdict, report.verdicts[verdict]]),
    ),
  ];
  for (const { eventId, message } of report.problems) lines.push(`  ${eventId ?? '(no id)'}: ${message}`);
  if (report.rowsSkipped > 0)
    lines.push(`${formatCount(report.rowsSkipped)} rows were left out, for example:`);
  for (const reason of report.skipped) lines.push(`  ${reason}`);
  lines.push(...describeTraffic(report.regions));
  if (outcome === 'interrupted')
    lines.push('Stopped before the end: the same command again goes on from here.');
  if (statePath === null)
    lines.push('Progress could not be kept: the same command again sends everything again.');
  return lines.join('\n');
}

function readMapping(flags: Flags): Mapping {
  const base = flags.map === undefined ? PLAIN_MAPPING : parseMapping(readText(flags.map), flags.map);
  const columns = (flags.column ?? []).map(([field, column]) => [field, `{${column}}`] as const);
  const values = (flags.value ?? []).map(([field, text]) => [field, text.replace(/[{}]/g, '$&$&')] as const);
  const mapping = withFields(base, Object.fromEntries([...columns, ...values]));
  const { format = mapping.format, delimiter = mapping.delimiter, timeFormat, timeOffset } = flags;
  return {
    ...mapping,
    format,
    delimiter,
    time: { format: timeFormat ?? mapping.time.format, offset: timeOffset ?? mapping.time.offset },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new AdtallyError(
      'import_failed',
      `The mapping ${path} cannot be read: ${(cause as Error).message}.`,
      {
        cause,
      },
    );
  }
}
