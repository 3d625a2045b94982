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
import { addSettingOptions, formatSpec, readSpecsOfRegions } from './settings-options.ts';

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
  const { addresses, spec, areGiven } = await findAddresses(command);
  if (areGiven && addresses.length > 1)
    throw new AdtallyError('usage', 'This command asks one region: give one --url, and one --key.');
  return { client: new RegionClient(addresses[0]), spec };
}

export interface FoundRegions {
  readonly sender: RegionSender;
  readonly urls: readonly string[];
  /** Names them all, whichever of them are up. */
  readonly target: string;
  readonly spec: PipelineSpec;
}

/** The regions that --url names, the preferred one first; otherwise all that run here, or as `findRegion`. */
export async function findRegions(command: Command, retry: Partial<RetryPolicy> = {}): Promise<FoundRegions> {
  const { addresses, spec, target } = await findAddresses(command);
  const sender = new RegionSender({ regions: addresses, retry });
  return { sender, urls: addresses.map(({ url }) => url), target, spec };
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

interface FoundAddresses {
  readonly addresses: RegionAddress[];
  /** Whether the command line says where they are. */
  readonly areGiven: boolean;
  readonly target: string;
  readonly spec: PipelineSpec;
}

async function findAddresses(command: Command): Promise<FoundAddresses> {
  const { url: given = [], key: keys = [], ca } = command.opts<Flags>();
  if (ca !== undefined) trustCa(ca);
  const specs = await readSpecsOfRegions(command);
  const [spec] = specs;
  const urls = (given.length === 0 ? urlsHere(specs) : given).map(checkUrl);
  if (keys.length > 1 && keys.length !== urls.length)
    throw new AdtallyError(
      'usage',
      `There are ${keys.length} keys for ${urls.length} addresses; give one --key, or one for each --url.`,
    );
  const addresses = urls.map((url, index) => ({ url, key: keys[index] ?? keys[0] }));
  const isMachine = given.length === 0 && specs.length > 1;
  const target = isMachine ? specs.map(({ data }) => data).toSorted() : urls;
  return { addresses, areGiven: given.length > 0, target: target.join(','), spec };
}

/** Of the regions that run on the data directories; where none does, where one would listen. */
function urlsHere(specs: readonly PipelineSpec[]): string[] {
  const running = specs.flatMap(({ data }) => readRunningFile(data)?.url ?? []);
  if (running.length > 0) return running;
  const { host, port, tls } = specs[0].server;
  return [`${tls.certFile === '' ? 'http' : 'https'}://${host}:${port}`];
}

function checkUrl(url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url.replace(/\/+$/, '');
  throw new AdtallyError('usage', `--url is "${url}"; it must be an address such as http://127.0.0.1:7070.`);
}
