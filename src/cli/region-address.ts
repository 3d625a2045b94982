import { Option, type Command } from 'commander';
import { AdtallyError } from '../base/errors.ts';
import { RegionClient } from '../client/region-client.ts';
import type { RetryPolicy } from '../client/retry.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { trustCa } from './access/trusted-ca.ts';
import { readRunningFile } from './running-file.ts';
import { addSettingOptions, readSpecOfRegion } from './settings-options.ts';

/** Adds what a command needs to find a running region, and flags for the settings at `paths`. */
export function addRegionOptions(command: Command, ...paths: readonly string[]): Command {
  command.addOption(
    new Option('--url <url>', 'address of the region (default: the one that runs on the data directory)').env(
      'ADTALLY_URL',
    ),
  );
  command.addOption(new Option('--key <key>', 'API key, where the region asks for one').env('ADTALLY_KEY'));
  command.addOption(
    new Option('--ca <file>', 'certificates in PEM to trust besides the usual ones').env('ADTALLY_CA'),
  );
  return addSettingOptions(command, (path) => path === 'data' || paths.includes(path));
}

export interface FoundRegion {
  readonly client: RegionClient;
  readonly spec: PipelineSpec;
}

/** The region that --url names, or the one that runs on the data directory, or the one where it would listen. */
export async function findRegion(command: Command, retry?: RetryPolicy): Promise<FoundRegion> {
  const { url: given, key, ca } = command.opts<{ url?: string; key?: string; ca?: string }>();
  if (ca !== undefined) trustCa(ca);
  const spec = await readSpecOfRegion(command);
  const running = given === undefined ? readRunningFile(spec.data) : undefined;
  const { host, port, tls } = spec.server;
  const protocol = tls.certFile === '' ? 'http' : 'https';
  const url = checkUrl(given ?? running?.url ?? `${protocol}://${host}:${port}`);
  const client = new RegionClient({ url, key, ...(retry === undefined ? {} : { retry }) });
  return { client, spec };
}

function checkUrl(url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  throw new AdtallyError('usage', `--url is "${url}"; it must be an address such as http://127.0.0.1:7070.`);
}
