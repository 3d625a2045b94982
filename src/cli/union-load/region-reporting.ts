import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sha256 } from '../../base/checksum.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { SECRET_BYTES, type KeyStore } from '../../server/keys.ts';
import { ReportingService } from './reporting-service.ts';
import { warehouseIn } from './stores.ts';
import { WarehouseService } from './warehouse-service.ts';
import type { FollowedRegion } from './worker-protocol.ts';

/** The keys of a region, and one more that its own worker reads with; it lives as long as the process. */
export interface KeysWithWorker {
  readonly keys: KeyStore;
  readonly workerSecret: string;
}

/** Adds a key for the worker; whether there are any keys stays as it was. */
export function withWorkerKey(keys: KeyStore): KeysWithWorker {
  const workerSecret = randomBytes(SECRET_BYTES).toString('base64url');
  const hash = sha256(workerSecret);
  return {
    workerSecret,
    keys: {
      get empty() {
        return keys.empty;
      },
      verify: (text) =>
        timingSafeEqual(sha256(text), hash)
          ? { id: 'reporting', name: 'the reporting store', role: 'operator' }
          : keys.verify(text),
    },
  };
}

/** Where the region is, and the key to read from it. */
export interface OwnRegion extends FollowedRegion {
  /** Absolute. */
  readonly directory: string;
}

/**
 * Starts the reporting store of a region that is served; undefined where the spec wants none. `tell` hears why its worker has ended.
 * Throws AdtallyError config_invalid when the shared secret cannot be read.
 */
export function startReporting(
  spec: PipelineSpec,
  own: OwnRegion,
  tell: (error: Error) => void,
): ReportingService {
  const { memory, threads } = spec.reporting;
  const { directory } = own;
  const regions = followedRegions(spec, own);
  return new ReportingService({ directory, memoryBytes: memory, threads, regions }, tell);
}

/** Starts the warehouse of a region that is served. `tell` hears what fails; it is tried again. Throws as startReporting does. */
export function startWarehouse(
  spec: PipelineSpec,
  own: OwnRegion,
  tell: (error: Error) => void,
): WarehouseService {
  const { fileRows, fileAge, fileSize, grace } = spec.warehouse;
  const options = { fileRows, fileAgeMs: fileAge, fileBytesMax: fileSize, graceMs: grace };
  const regions = followedRegions(spec, own);
  return new WarehouseService({ ...options, directory: warehouseIn(own.directory), regions }, tell);
}

/** The region itself first, then its peer. */
function followedRegions(spec: PipelineSpec, { name, url, secret: ownSecret }: OwnRegion): FollowedRegion[] {
  const own = { name, url, secret: ownSecret };
  const secret = readSecret(spec.replication.secretFile);
  const peers = spec.peer.map((peer) => {
    const at = peer.indexOf('=');
    return { name: peer.slice(0, at), url: peer.slice(at + 1), secret };
  });
  return [own, ...peers.filter((peer) => peer.name !== own.name)];
}

function readSecret(path: string): string | undefined {
  if (path === '') return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new AdtallyError('config_invalid', `replication.secretFile ${path} cannot be read.`, { cause });
  }
}
