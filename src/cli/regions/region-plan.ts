import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { AdtallyError } from '../../base/errors.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';

/** Where a region of this machine runs, the same over all its restarts. */
export interface RegionPlan {
  readonly region: string;
  /** Its data directory: `<data>/<region>`, absolute. */
  readonly data: string;
  readonly port: number;
  /** Where it and its peer find it. */
  readonly url: string;
}

const PORT_MAX = 65_535;

/**
 * A place for every region of the spec: a directory of its own in `spec.data`, `server.port` for the first and the next one for
 * the second; free ones where it is 0. Throws AdtallyError config_invalid.
 */
export async function planRegions(spec: PipelineSpec): Promise<RegionPlan[]> {
  const { host, port, tls } = spec.server;
  const { regions } = spec;
  if (port !== 0 && port + regions.length - 1 > PORT_MAX) {
    throw new AdtallyError(
      'config_invalid',
      `server.port is ${port}, and the region after the first has none left.`,
    );
  }
  const ports = port === 0 ? await freePorts(regions.length, host) : regions.map((_, index) => port + index);
  const protocol = tls.certFile === '' ? 'http' : 'https';
  return regions.map((region, index) => ({
    region,
    data: join(resolve(spec.data), region),
    port: ports[index],
    url: `${protocol}://${nameOf(host)}:${ports[index]}`,
  }));
}

/** What `adtally start` is told to run the region of a plan, besides what was given to the supervisor. */
export function startArguments(plan: RegionPlan, plans: readonly RegionPlan[]): string[] {
  const peers = plans.filter(({ region }) => region !== plan.region);
  const options = {
    '--regions': plans.map(({ region }) => region).join(','),
    '--region': plan.region,
    '--data': plan.data,
    '--port': String(plan.port),
  };
  return [
    ...Object.entries(options).flat(),
    ...peers.flatMap(({ region, url }) => ['--peer', `${region}=${url}`]),
  ];
}

function nameOf(host: string): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere ? 'localhost' : host;
  return name.includes(':') ? `[${name}]` : name;
}

/** All of them are held until the last one is found: no two are the same. */
async function freePorts(count: number, host: string): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done, fail) => {
        server.once('error', fail).listen(0, host === 'localhost' ? '127.0.0.1' : host, done);
      }).catch((cause: Error) => {
        const detail = `server.host ${host} cannot be listened on: ${cause.message}.`;
        throw new AdtallyError('config_invalid', detail, { cause });
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
