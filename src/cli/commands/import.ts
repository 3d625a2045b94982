import { progress } from '@clack/prompts';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { MINUTE_MS, SECOND_MS } from '../../base/units.ts';
import { VERDICTS } from '../../model/verdict.ts';
import type { CommandDefinition } from '../command.ts';
import { findImportFile } from '../import/import-file.ts';
import { Importer, type ImportOptions, type ImportReport } from '../import/importer.ts';
import { addSourceOptions, readMapping, type SourceFlags } from '../import/source-options.ts';
import { describeShift, parseTimeShift } from '../import/time-shift.ts';
import { addRegionsOptions, findRegions } from '../region-address.ts';
import { INTERRUPTED_EXIT, listenForStop } from '../stop-signal.ts';
import { formatCount, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { describeTraffic } from '../traffic/region-traffic.ts';

interface Flags extends SourceFlags {
  readonly timeShift?: string;
}

export const importCommand: CommandDefinition = {
  usage: 'import <file...>',
  about: 'Send the events of CSV or NDJSON files to a running region',
  more:
    'Event ids that a file lacks are made from its name and the row, so a file sent again counts nothing twice. What was sent is\n' +
    'kept beside the first file (FILE.adtally-import.json): the same command again goes on where it was. See docs/import.md.',
  configure: (command) => {
    addSourceOptions(command, 1000);
    command.option(
      '--time-shift <how>',
      'move old times: "now" puts the last one at now, "23h" also squeezes them into that span',
    );
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
  doing = 'Importing',
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
  bar?.start(doing);
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
