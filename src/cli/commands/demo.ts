import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AdtallyError } from '../../base/errors.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { wholeNumber, type CommandDefinition } from '../command.ts';
import { sendDemoTraffic } from '../demo/demo-traffic.ts';
import { superviseRegions } from '../regions/supervise.ts';
import { demoData } from '../regions/region-directories.ts';
import { readSpec } from '../settings-options.ts';
import { listenForStop, type StopSignal } from '../stop-signal.ts';
import type { Terminal } from '../terminal.ts';
import { addRegionOptions, announce, runUntilStopped } from './start.ts';

/** What the demo runs where the spec has one region. */
const TWO_REGIONS = ['a', 'b'];

interface Flags {
  readonly rate: number;
  readonly region?: string;
  readonly one?: true;
}

export const demoCommand: CommandDefinition = {
  usage: 'demo',
  about: 'Run two regions with real example data and made-up traffic (npm start)',
  more:
    'It keeps to a directory of its own, demo in the data directory, unless --data names another. Kill and restart a region from its\n' +
    'live page, or kill its process: clients go to the other one, and both end with the same truth.',
  configure: (command) => {
    command
      .option('--rate <events>', 'made-up events a second; 0 for none', wholeNumber(0, 1e6), 200)
      .option('--one', 'run one region, in this process');
    addRegionOptions(command);
  },
  run: async (command, terminal) => {
    const stop = listenForStop();
    const spec = await demoSpec(command);
    const { one, region } = command.opts<Flags>();
    if (one === true || region !== undefined) return runOne(command, spec, stop, terminal);
    return runAll(command, spec, stop, terminal);
  },
};

/** The demo keeps to a directory of its own, unless told otherwise on the command line or by the environment. */
async function demoSpec(command: Command): Promise<PipelineSpec> {
  const spec = await readSpec(command);
  const isChosen = command.getOptionValue('data') !== undefined || process.env['ADTALLY_DATA'] !== undefined;
  return isChosen ? spec : { ...spec, data: demoData(spec.data) };
}

async function runAll(
  command: Command,
  given: PipelineSpec,
  stop: StopSignal,
  terminal: Terminal,
): Promise<number> {
  const spec = given.regions.length === 1 ? { ...given, regions: TWO_REGIONS } : given;
  const directory = resolve(spec.data);
  makeDirectory(directory);
  const { supervisor, plans, untilStopped } = await superviseRegions(spec, command, true, stop, terminal);
  const urls = plans.map(({ url }) => url);
  const ended = new AbortController();
  const { rate } = command.opts<Flags>();
  const quiet = AbortSignal.any([stop.signal, ended.signal]);
  const traffic = supervisor
    .begun()
    .then(() => sendDemoTraffic({ urls, spec, rate, directory, stop: quiet }, terminal));
  const exit = await untilStopped();
  ended.abort();
  await traffic;
  return exit;
}

async function runOne(
  command: Command,
  given: PipelineSpec,
  stop: StopSignal,
  terminal: Terminal,
): Promise<number> {
  const { rate, region } = command.opts<Flags>();
  const isAlone = region === undefined && given.peer.length === 0;
  const spec = isAlone ? { ...given, regions: given.regions.slice(0, 1) } : given;
  const { chooseRegion, serveRegion } = await import('../regions/region-process.ts');
  const served = await serveRegion(spec, chooseRegion(spec, region));
  announce(served, terminal);
  const ended = new AbortController();
  const traffic = sendDemoTraffic(
    {
      urls: [served.url, ...spec.peer.map((named) => named.slice(named.indexOf('=') + 1))],
      spec,
      rate,
      directory: served.directory,
      stop: AbortSignal.any([stop.signal, ended.signal]),
    },
    terminal,
  );
  const exit = await runUntilStopped(served, stop, terminal);
  ended.abort();
  await traffic;
  return exit;
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    const detail = `data is ${directory}, which cannot be made: ${(cause as Error).message}.`;
    throw new AdtallyError('config_invalid', detail, { cause });
  }
}
