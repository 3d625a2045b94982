import { readFileSync } from 'node:fs';

/** Where a region’s servers are, as far as these tests need them. */
interface RegionServers {
  /** `host:port`. */
  readonly kafka: string;
  readonly pinotController: string;
  readonly pinotBroker: string;
}

/** The servers of the first region of the cluster that ADTALLY_CLUSTER, the path of its addresses.json, tells of. */
export function firstRegion(): { readonly name: string } & RegionServers {
  const path = process.env['ADTALLY_CLUSTER'];
  if (path === undefined) {
    throw new Error(
      'Set ADTALLY_CLUSTER to the addresses.json of a cluster that runs ("adtally cluster up").',
    );
  }
  const { regions } = JSON.parse(readFileSync(path, 'utf8')) as { regions: Record<string, RegionServers> };
  const [name, servers] = Object.entries(regions)[0];
  return { name, ...servers };
}
