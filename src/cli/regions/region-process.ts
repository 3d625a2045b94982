import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pino } from 'pino';
import { nodeClock } from '../../adapters/node-clock/node-clock.ts';
import { lockDirectory } from '../../adapters/node-disk/directory-lock.ts';
import { NodeDisk } from '../../adapters/node-disk/node-disk.ts';
import { AdtallyError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest-name.ts';
import type { Region } from '../../embedded/ports.ts';
import { openRegion } from '../../embedded/region-engine.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { readPeerSecret } from '../../server/access/peer-secret.ts';
import type { DemoControl } from '../../server/demo/demo-control.ts';
import { suitHeapToBodies } from '../../server/heap.ts';
import { startServer } from '../../server/server.ts';
import type { RunningServer } from '../../server/serving/serve-routes.ts';
import { AuditTrail } from '../../server/trail/audit-trail.ts';
import { TrailFile } from '../../server/trail/trail-file.ts';
import { budgetPeerOf } from '../budget/budget-peer.ts';
import { openBudget, type OpenedBudget } from '../budget/region-budget.ts';
import { KeyFile } from '../key-file.ts';
import { startEnricher } from '../order-enricher.ts';
import { peerOf } from './peer-address.ts';
import { startPeerLink } from './peer-link.ts';
import { startStores, type RegionStores } from '../upkeep/region-stores.ts';
import { withWorkerKey } from '../union-load/region-reporting.ts';
import { formatSpec } from '../settings-options.ts';
import { removeRunningFile, writeRunningFile } from '../running-file.ts';

/** A region of this process, with its data directory to itself. */
interface OpenedRegion {
  readonly region: Region;
  /** Absolute. */
  readonly directory: string;
  /** Answers what was accepted, takes a snapshot, gives the directory free. */
  close(): Promise<void>;
}

/** A region that is served over HTTP. */
export interface ServedRegion extends OpenedRegion {
  readonly url: string;
}

/** The region to run: `name`, or the first of the spec. Throws AdtallyError config_invalid for one that is not in it. */
export function chooseRegion(spec: PipelineSpec, name: string | undefined): string {
  if (name === undefined || spec.regions.includes(name)) return checkPeer(spec, name ?? spec.regions[0]);
  const known = spec.regions.join(', ');
  const hint = didYouMean(name, spec.regions);
  throw new AdtallyError(
    'config_invalid',
    `--region is "${name}"; the regions of the spec are ${known}.${hint}`,
  );
}

/** Throws AdtallyError config_invalid for a region that is to be its own peer. */
function checkPeer(spec: PipelineSpec, name: string): string {
  if (peerOf(spec)?.name !== name) return name;
  const others = spec.regions.filter((other) => other !== name);
  throw new AdtallyError(
    'config_invalid',
    `peer names region ${name} itself; it must name ${others.join(', ')}.`,
  );
}

/** Opens the region on `spec.data`. Throws AdtallyError: data_locked, data_corrupt, data_format, config_invalid, disk_failed. */
async function openLockedRegion(spec: PipelineSpec, name: string): Promise<OpenedRegion> {
  const directory = resolve(spec.data);
  makeDirectory(directory);
  const unlock = await lockDirectory(directory).catch((cause: Error) => {
    if (cause instanceof AdtallyError) throw cause;
    throw new AdtallyError('disk_failed', `${directory} cannot be locked: ${cause.message}.`, { cause });
  });
  try {
    const region = await openRegion({
      name,
      spec,
      disk: new NodeDisk(directory),
      clock: nodeClock,
      entropy: (bytes) => randomBytes(bytes),
    });
    const close = async (): Promise<void> => {
      try {
        await region.close();
      } finally {
        await unlock();
      }
    };
    return { region, directory, close };
  } catch (error) {
    await unlock();
    throw asDiskFailure(error);
  }
}

/** Opens the region and serves it; `demo` is the supervisor of a demo. Throws what openLockedRegion and startServer throw. */
export async function serveRegion(
  spec: PipelineSpec,
  name: string,
  demo?: DemoControl,
): Promise<ServedRegion> {
  const { secretFile } = spec.replication;
  const secret = secretFile === '' ? undefined : readPeerSecret(secretFile);
  const opened = await openLockedRegion(spec, name);
  // What has been started ends in the opposite order, also when the rest of it cannot be started.
  const started = new AsyncDisposableStack();
  started.defer(() => opened.close());
  try {
    const url = await startParts(opened, { spec, name, secret, demo }, started);
    return { ...opened, url, close: () => started.disposeAsync() };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

interface Serving {
  readonly spec: PipelineSpec;
  readonly name: string;
  /** What the regions share. */
  readonly secret: string | undefined;
  readonly demo: DemoControl | undefined;
}

/** Starts all that stands around a region; returns where it is served. */
async function startParts(
  { region, directory }: OpenedRegion,
  { spec, name, secret, demo }: Serving,
  started: AsyncDisposableStack,
): Promise<string> {
  const budget = openBudgetOf(region, directory, spec, secret);
  started.defer(async () => budget?.close());
  const { keys, workerSecret } = withWorkerKey(new KeyFile(directory));
  const log = pino({ name: 'adtally' }, pino.destination({ dest: 2, sync: true }));
  suitHeapToBodies();
  const enricher = await startEnricher(region, spec);
  started.defer(async () => enricher?.stop());
  const link = startPeerLink(region, spec, secret);
  started.defer(async () => link?.stop());
  // As long as it is served others find it by this file.
  started.defer(() => removeRunningFile(directory));
  const late: { stores?: RegionStores } = {};
  const server = await startServer({
    region,
    ...(budget === undefined ? {} : { budget: budget.service }),
    reports: () => late.stores?.reporting,
    warehouse: () => late.stores?.warehouse,
    upkeep: () => late.stores?.upkeep,
    retryEnrichment: () => enricher?.retry(),
    spec,
    keys,
    clock: nodeClock,
    log,
    trail: new AuditTrail(new TrailFile(directory), nodeClock),
    peer: link?.peer,
    demo,
    ...(secret === undefined ? {} : { peerSecret: secret }),
  });
  started.defer(() => server.close());
  const peer = peerOf(spec);
  const peers = peer === undefined ? [] : [{ ...peer, secret }];
  const own = { name, url: server.ownUrl, secret: workerSecret, directory };
  const tell = (err: Error, what: string): void => log.error({ err }, what);
  const stores = startStores({ spec, region, own, peers, budget, tell });
  late.stores = stores;
  started.defer(() => stores.close());
  announceProcess({ spec, name, directory, server }, started);
  return server.url;
}

/** Listens for what the process is told, and says where it listens itself. */
function announceProcess(
  {
    spec,
    name,
    directory,
    server,
  }: Pick<Serving, 'spec' | 'name'> & { readonly directory: string; readonly server: RunningServer },
  started: AsyncDisposableStack,
): void {
  // Without TLS a hang-up ends the process, as it always did.
  if (spec.server.tls.certFile !== '') {
    process.on('SIGHUP', server.renewTls);
    started.defer(() => void process.off('SIGHUP', server.renewTls));
  }
  writeRunningFile(directory, {
    region: name,
    url: server.url,
    pid: process.pid,
    startedAt: nodeClock.now(),
    settings: formatSpec(spec),
  });
}

/** Undefined where budgets are switched off. */
function openBudgetOf(
  region: Region,
  directory: string,
  spec: PipelineSpec,
  peerSecret: string | undefined,
): OpenedBudget | undefined {
  if (spec.budget.enabled === 'no') return undefined;
  const peer = budgetPeerOf(spec, peerSecret);
  return openBudget(region, directory, { retentionMs: spec.budget.retention, peer });
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    const detail = `data is ${directory}, which cannot be made: ${(cause as Error).message}.`;
    throw new AdtallyError('config_invalid', detail, { cause });
  }
}

/** A failing system call has a code; anything else that is no AdtallyError is a bug and stays what it is. */
function asDiskFailure(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (error instanceof AdtallyError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error;
  return new AdtallyError('disk_failed', `${(error as Error).message}.`, { cause: error });
}
