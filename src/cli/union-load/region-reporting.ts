import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sha256 } from '../../base/checksum.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { SECRET_BYTES, type KeyStore } from '../../server/keys.ts';
import { ReportingService } from './reporting-service.ts';
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

/** The other regions of the spec and the secret to read from them. Throws AdtallyError config_invalid when that cannot be read. */
export function peersOf(spec: PipelineSpec): FollowedRegion[] {
  const secret = readSecret(spec.replication.secretFile);
  return spec.peer.map((peer) => {
    const at = peer.indexOf('=');
    return { name: peer.slice(0, at), url: peer.slice(at + 1), secret };
  });
}

/**
 * Starts the reporting store of a region that is served; undefined where the spec wants none. `tell` hears why its worker has
 * ended.
 */
export function startReporting(
  { reporting }: PipelineSpec,
  { directory, ...own }: OwnRegion,
  peers: readonly FollowedRegion[],
  tell: (error: Error) => void,
): ReportingService | undefined {
  if (reporting.enabled === 'no') return undefined;
  const { memory, threads } = reporting;
  const regions = [own, ...peers.filter(({ name }) => name !== own.name)];
  return new ReportingService({ directory, memoryBytes: memory, threads, regions }, tell);
}

function readSecret(path: string): string | undefined {
  if (path === '') return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new AdtallyError('config_invalid', `replication.secretFile ${path} cannot be read.`, { cause });
  }
}
