import { randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../base/checksum.ts';
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
