import { Option, type Command } from 'commander';
import { AdtallyError } from '../base/errors.ts';
import { RegionClient } from '../client/region-client.ts';
import type { RegionAddress } from '../client/region-request.ts';
import { RegionSender } from '../client/region-sender.ts';
import type { RetryPolicy } from '../client/retry.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { trustCa } from './access/trusted-ca.ts';
import { readPeerSecret } from '../server/access/peer-secret.ts';
import { peerOf } from './regions/peer-address.ts';
import { readRunningFile } from './running-file.ts';
import { addSettingOptions, formatSpec, readSpecOfRegion } from './settings-options.ts';

interface Flags {
  readonly url?: string[];
  readonly key?: string[];
  readonly ca?: string;
}

const DEFAULT_ADDRESS = '(default: the one that runs on the data directory)';

/** Adds what a command needs to find a running region, and flags for the settings at `paths`. */
export function addRegionOptions(command: Command, ...paths: readonly string[]): Command {
  return addAddressOptions(command, paths, `address of the region ${DEFAULT_ADDRESS}`, 'API key');
}

/** The same for a command that sends to the other region while one fails. */
export function addRegionsOptions(command: Command, ...paths: readonly string[]): Command {
  return addAddressOptions(
    command,
    paths,
    `address of a region, the preferred one first; may be repeated ${DEFAULT_ADDRESS}`,
    'API key, one for all or one for each address',
  );
}

function addAddressOptions(command: Command, paths: readonly string[], url: string, key: string): Command {
  command.addOption(new Option('--url <url>', url).env('ADTALLY_URL').argParser(gatherListed));
  command.addOption(
    new Option('--key <key>', `${key}, where the region asks for one`)
      .env('ADTALLY_KEY')
      .argParser(gatherListed),
  );
  command.addOption(
    new Option('--ca <file>', 'certificates in PEM to trust besides the usual ones').env('ADTALLY_CA'),
  );
  return addSettingOptions(command, (path) => path === 'data' || paths.includes(path));
}

function gatherListed(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())];
}

export interface FoundRegion {
  readonly client: RegionClient;
  readonly spec: PipelineSpec;
}

/** The region that --url names, or the one that runs on the data directory, or the one where it would listen. */
export async function findRegion(command: Command): Promise<FoundRegion> {
  const { addresses, spec } = await findAddresses(command);
  if (addresses.length > 1)
    throw new AdtallyError('usage', 'This command asks one region: give one --url, and one --key.');
  return { client: new RegionClient(addresses[0]), spec };
}

export interface FoundRegions {
  readonly sender: RegionSender;
  readonly urls: readonly string[];
  readonly spec: PipelineSpec;
}

/** The regions that --url names, the preferred one first; otherwise as `findRegion`. */
export async function findRegions(command: Command, retry: Partial<RetryPolicy> = {}): Promise<FoundRegions> {
  const { addresses, spec } = await findAddresses(command);
  const sender = new RegionSender({ regions: addresses, retry });
  return { sender, urls: addresses.map(({ url }) => url), spec };
}

/**
 * Two regions: those that --url names, or the one that runs on the data directory and its peer. Without a key the secret that both
 * share is shown, where it is at hand. Throws AdtallyError: usage, config_invalid.
 */
export async function findPair(command: Command): Promise<readonly [RegionClient, RegionClient]> {
  const { addresses, spec } = await findAddresses(command);
  const [first, second = peerAddress(command, spec)] = addresses;
  if (addresses.length > 2)
    throw new AdtallyError('usage', `There are ${addresses.length} addresses; two regions are compared.`);
  const secretFile = settingsOf(spec)['replication.secretFile'] ?? '';
  const secret = secretFile === '' ? undefined : readPeerSecret(secretFile);
  const clientOf = ({ url, key = secret }: RegionAddress): RegionClient => new RegionClient({ url, key });
  return [clientOf(first), clientOf(second)];
}

function peerAddress(command: Command, spec: PipelineSpec): RegionAddress {
  const peer = peerOf({ peer: (settingsOf(spec)['peer'] ?? '').split(',').filter((text) => text !== '') });
  if (peer === undefined)
    throw new AdtallyError(
      'usage',
      'It is not known where the other region is: start this one with --peer, or give --url for each.',
    );
  const { key: keys = [] } = command.opts<Flags>();
  return { url: peer.url, key: keys[0] };
}

/** As the region that runs on the data directory was started, or else as the spec says. */
function settingsOf(spec: PipelineSpec): Readonly<Record<string, string>> {
  return readRunningFile(spec.data)?.settings ?? formatSpec(spec);
}

async function findAddresses(command: Command): Promise<{ addresses: RegionAddress[]; spec: PipelineSpec }> {
  const { url: given = [], key: keys = [], ca } = command.opts<Flags>();
  if (ca !== undefined) trustCa(ca);
  const spec = await readSpecOfRegion(command);
  const running = given.length === 0 ? readRunningFile(spec.data) : undefined;
  const { host, port, tls } = spec.server;
  const protocol = tls.certFile === '' ? 'http' : 'https';
  const here = running?.url ?? `${protocol}://${host}:${port}`;
  const urls = (given.length === 0 ? [here] : given).map(checkUrl);
  if (keys.length > 1 && keys.length !== urls.length)
    throw new AdtallyError(
      'usage',
      `There are ${keys.length} keys for ${urls.length} addresses; give one --key, or one for each --url.`,
    );
  return { addresses: urls.map((url, index) => ({ url, key: keys[index] ?? keys[0] })), spec };
}

function checkUrl(url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url.replace(/\/+$/, '');
  throw new AdtallyError('usage', `--url is "${url}"; it must be an address such as http://127.0.0.1:7070.`);
}
