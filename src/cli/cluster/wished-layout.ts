import type { Command } from 'commander';
import { freePorts } from '../../adapters/local-process/port-check.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { ClusterLayout, OptionalPart, StateBackend } from '../../cluster/local/cluster-layout.ts';
import { portCount, portsAmong, portsFrom } from '../../cluster/local/port-layout.ts';
import { STATE_MIB } from '../../cluster/local/processes/process-memory.ts';
import { readSpec } from '../settings-options.ts';

const PORT_BASE = 19_000;
const CHECKPOINT_INTERVAL_MS = 1000;
const REGION = /^[A-Za-z0-9_-]+$/;

interface Flags {
  readonly portBase?: number;
  readonly without?: OptionalPart[];
  readonly checkpointInterval?: number;
  readonly stateMemory?: number;
  readonly stateBackend?: StateBackend;
}

/**
 * The layout that the command line asks for; what it does not say stays as it was. Regions, ports and the kind
 * of state stay for as long as the data: Pinot, Kafka and Flink keep theirs by them. Throws AdtallyError usage.
 */
export async function wishedLayout(
  command: Command,
  directory: string,
  before: ClusterLayout | undefined,
): Promise<ClusterLayout> {
  const flags = command.opts<Flags>();
  const { portBase, without, checkpointInterval, stateMemory } = flags;
  const regions = await wishedRegions(command, before);
  const stateBackend = flags.stateBackend ?? before?.stateBackend ?? 'rocksdb';
  if (before !== undefined) {
    refuseOther('regions', before.regions.join(), regions.join());
    const isSamePort = portBase === undefined || portBase === 0 || before.ports.zookeeper === portBase;
    if (!isSamePort) refuseOther('--port-base', `${before.ports.zookeeper}`, `${portBase}`);
    refuseOther('--state-backend', before.stateBackend, stateBackend);
  }
  return {
    directory,
    regions,
    without: without ?? before?.without ?? [],
    ports: before?.ports ?? (await choosePorts(portBase ?? PORT_BASE, regions)),
    checkpointIntervalMs: checkpointInterval ?? before?.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS,
    stateBackend,
    stateMib: stateMemory ?? before?.stateMib ?? STATE_MIB,
  };
}

async function wishedRegions(
  command: Command,
  before: ClusterLayout | undefined,
): Promise<readonly string[]> {
  if (before !== undefined && command.getOptionValue('regions') === undefined) return before.regions;
  const { regions } = await readSpec(command);
  const odd = regions.find((region) => !REGION.test(region));
  if (odd === undefined) return regions;
  throw new AdtallyError('usage', `Region "${odd}" cannot be part of names of files and topics.`);
}

async function choosePorts(base: number, regions: readonly string[]): Promise<ClusterLayout['ports']> {
  return base === 0 ? portsAmong(await freePorts(portCount(regions)), regions) : portsFrom(base, regions);
}

function refuseOther(what: string, before: string, now: string): void {
  if (before === now) return;
  throw new AdtallyError(
    'usage',
    `The cluster there has ${what} ${before}, not ${now}, and its data hangs on that: remove it with "adtally cluster down --purge --yes", or name another --data.`,
  );
}
