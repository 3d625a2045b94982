import { Option, type Command } from 'commander';
import { AdtallyError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import type { CommandDefinition } from '../command.ts';
import type { ServedRegion } from '../regions/region-process.ts';
import { ParentDemo } from '../regions/parent-link.ts';
import { addressLines, superviseRegions } from '../regions/supervise.ts';
import { addSettingOptions, readSpec } from '../settings-options.ts';
import { listenForStop, type StopSignal } from '../stop-signal.ts';
import { formatCount, formatSize } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const startCommand: CommandDefinition = {
  usage: 'start',
  about: 'Run a region: take in events, count them, serve the figures',
  more: 'SIGTERM or Ctrl-C stops it cleanly; a second one at once, which loses nothing that was acknowledged.',
  configure: (command) => {
    addRegionOptions(command);
    command
      .option(
        '--all',
        'run every region of the spec on this machine, each in DATA/REGION, and restart what dies',
      )
      .addOption(
        // A region that a supervisor runs ends with it, and the demo’s may ask it to kill and restart one.
        new Option('--supervised <mode>').choices(['plain', 'demo']).hideHelp(),
      );
  },
  run: async (command, terminal) => {
    const { region, all, supervised } = command.opts<Flags>();
    const stop = listenForStop(supervised !== undefined);
    const spec = await readSpec(command);
    if (all === true) {
      checkAlone(command);
      return (await superviseRegions(spec, command, false, stop, terminal)).untilStopped();
    }
    // Engine and server take half a second to load, which the other commands need not wait for.
    const { chooseRegion, serveRegion } = await import('../regions/region-process.ts');
    const demo = supervised === 'demo' ? new ParentDemo() : undefined;
    const served = await serveRegion(spec, chooseRegion(spec, region), demo);
    announce(served, terminal);
    return runUntilStopped(served, stop, terminal);
  },
};

interface Flags {
  readonly region?: string;
  readonly all?: true;
  readonly supervised?: 'plain' | 'demo';
}

/** Throws AdtallyError usage for what has no meaning where all regions are run. */
function checkAlone(command: Command): void {
  for (const name of ['region', 'peer'] as const) {
    if (command.getOptionValueSource(name) !== 'cli') continue;
    throw new AdtallyError(
      'usage',
      `--${name} does not go with --all, which runs every region and knows its peer.`,
    );
  }
}

/** Which region to run, and every setting of it. */
export function addRegionOptions(command: Command): void {
  command.addOption(
    new Option('--region <name>', 'which of the regions this is (default: the first)').env('ADTALLY_REGION'),
  );
  addSettingOptions(command);
}

/** Says where the region is and what it found. */
export function announce({ region, url, directory }: ServedRegion, terminal: Terminal): void {
  const { recovery, received, logBytes, records } = region.status();
  const begun = `Recovered in ${formatDuration(Math.round(recovery.durationMs))}: ${formatCount(received)} events received so far, ${formatCount(records)} ad minutes, ${formatSize(logBytes)} of log`;
  const torn =
    recovery.tornBytesCut === 0
      ? ''
      : ` (${formatSize(recovery.tornBytesCut)} of a write that nobody was told of were cut off)`;
  const lines = [
    ...addressLines(region.name, url, directory),
    received === 0 ? 'The data directory is new.' : `${begun}${torn}.`,
  ];
  const started = { event: 'started', region: region.name, url, data: directory, pid: process.pid, recovery };
  terminal.result(started, lines.join('\n'));
}

/** Waits until the region is asked to stop, or fails; resolves to the exit code. */
export async function runUntilStopped(
  served: ServedRegion,
  stop: StopSignal,
  terminal: Terminal,
): Promise<number> {
  const failure = await Promise.race([stop.asked.then(() => undefined), served.region.failed]);
  if (failure !== undefined) {
    const exit = terminal.failure(failure);
    await served.close().catch(() => undefined);
    return exit;
  }
  terminal.remark('Stopping: answering what was accepted, writing a snapshot ...');
  await served.close();
  terminal.result(
    { event: 'stopped', region: served.region.name },
    `Region ${served.region.name} has stopped.`,
  );
  return 0;
}
