import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { LocalCluster } from './local-cluster.ts';

/**
 * The cluster that the tests of test/cluster/shared share: that of ADTALLY_CLUSTER, the path of its addresses.json; else one of this
 * run, which whoever asks first starts. ADTALLY_CLUSTER_UP has the options that it is started with. What a test killed runs again.
 */
export async function sharedCluster(): Promise<LocalCluster> {
  const given = process.env['ADTALLY_CLUSTER'];
  if (given !== undefined) return new LocalCluster(dirname(given));
  const cluster = new LocalCluster(join(inject('clusterFolder'), 'shared'));
  const options = process.env['ADTALLY_CLUSTER_UP'] ?? '--regions a,b --without hive';
  await cluster.up(...options.split(' '), '--port-base', '0');
  return cluster;
}
