/** Opens the region of a directory and says what it took: `node bench/rig/idle-region.ts DIRECTORY`. */
import type { RecoveryReport } from '../../src/embedded/ports.ts';
import { openBenchRegion } from './bench-region.ts';

export interface Opened {
  readonly openMs: number;
  readonly cpuMs: number;
  readonly rememberedIds: number;
  readonly idIndexBytes: number;
  readonly rssBytes: number;
  readonly recovery: RecoveryReport;
}

const startMs = performance.now();
const region = await openBenchRegion(process.argv[2]);
const openMs = performance.now() - startMs;
const { user, system } = process.cpuUsage();
// Twice: what the first one finds unused, the second one gives back.
globalThis.gc?.();
globalThis.gc?.();
const { rememberedIds, idIndexBytes, recovery } = region.status();
process.send!({
  openMs,
  cpuMs: (user + system) / 1000,
  rememberedIds,
  idIndexBytes,
  rssBytes: process.memoryUsage.rss(),
  recovery,
} satisfies Opened);
