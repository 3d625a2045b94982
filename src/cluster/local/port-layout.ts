import { AdtallyError } from '../../base/errors.ts';

/** Ports that the regions share, in the order of their numbers from the base. */
const SHARED = [
  'zookeeper',
  'flink',
  'jobManagerRpc',
  'jobManagerBlob',
  'jobManagerMetrics',
  'taskManagerData',
  'sqlGateway',
  'mirrorMaker',
  'hive',
  'postgres',
] as const;

const OF_A_REGION = [
  'kafka',
  'kafkaController',
  'pinotController',
  'pinotBroker',
  'pinotServer',
  'pinotServerAdmin',
  'pinotServerGrpc',
] as const;

const STEP = 20;
const PORT_MAX = 65_535;

export type SharedPorts = Readonly<Record<(typeof SHARED)[number], number>>;
export type RegionPorts = Readonly<Record<(typeof OF_A_REGION)[number], number>>;

/** Every port of the local cluster. */
export interface ClusterPorts extends SharedPorts {
  readonly regions: Readonly<Record<string, RegionPorts>>;
}

/** The fixed layout: shared ones from `base`, those of each region from `base` + 20, + 40. Throws AdtallyError usage. */
export function portsFrom(base: number, regions: readonly string[]): ClusterPorts {
  const last = base + STEP * (regions.length + 1);
  if (last > PORT_MAX)
    throw new AdtallyError('usage', `--port-base ${base} leaves no room: the last port would be ${last}.`);
  return {
    ...numbered(SHARED, (index) => base + index),
    regions: Object.fromEntries(
      regions.map((region, at) => [region, numbered(OF_A_REGION, (index) => base + STEP * (at + 1) + index)]),
    ),
  };
}

/** How many ports `portsAmong` takes. */
export function portCount(regions: readonly string[]): number {
  return SHARED.length + OF_A_REGION.length * regions.length;
}

/** The same from a list of free ones, at least `portCount` of them. */
export function portsAmong(free: readonly number[], regions: readonly string[]): ClusterPorts {
  return {
    ...numbered(SHARED, (index) => free[index]),
    regions: Object.fromEntries(
      regions.map((region, at) => [
        region,
        numbered(OF_A_REGION, (index) => free[SHARED.length + OF_A_REGION.length * at + index]),
      ]),
    ),
  };
}

function numbered<Name extends string>(
  names: readonly Name[],
  number: (index: number) => number,
): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, index) => [name, number(index)])) as Record<Name, number>;
}
