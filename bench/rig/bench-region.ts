import { randomBytes } from 'node:crypto';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { openRegion, type RegionTuning } from '../../src/embedded/region-engine.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig, PipelineSpec } from '../../src/pipeline/settings.ts';

/** Requests that wait for their answers at a time. */
const IN_FLIGHT = 16;

/** The defaults, but for what `config` says. */
export function benchSpec(config: PipelineConfig = {}): PipelineSpec {
  return resolveSpec(config, { environment: {}, flags: {} });
}

/** A region on a real directory, with the settings a user has. */
export function openBenchRegion(
  directory: string,
  config?: PipelineConfig,
  tuning: RegionTuning = {},
): Promise<Region> {
  return openRegion({
    name: 'a',
    spec: benchSpec(config),
    disk: new NodeDisk(directory),
    clock: nodeClock,
    entropy: (bytes) => randomBytes(bytes),
    tuning,
  });
}

/** Sends every body, several at a time; resolves once all are answered. Returns how many events were counted. */
export async function ingestAll(region: Region, bodies: readonly Uint8Array[]): Promise<number> {
  let next = 0;
  let counted = 0;
  const send = async (): Promise<void> => {
    while (next < bodies.length) {
      const { verdicts } = await region.ingest(bodies[next++], 'ndjson');
      counted += verdicts.counted;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, send));
  return counted;
}
