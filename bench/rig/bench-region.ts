import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import { AdtallyError } from '../../src/base/errors.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { openRegion, type RegionTuning } from '../../src/embedded/region-engine.ts';
import type { IngestReceipt } from '../../src/model/verdict.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig, PipelineSpec } from '../../src/pipeline/settings.ts';

/** Requests that wait for their answers at a time. */
const IN_FLIGHT = 16;
const RETRY_MS = 50;

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

/** As a client does: what is refused because touches wait for the disk is sent again. */
async function ingestAgain(region: Region, body: Uint8Array): Promise<IngestReceipt> {
  for (;;) {
    try {
      return await region.ingest(body, 'ndjson');
    } catch (error) {
      if (!(error instanceof AdtallyError) || error.code !== 'overloaded') throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** Sends every body, several at a time; resolves once all are answered. Returns how many events were counted. */
export async function ingestAll(region: Region, bodies: readonly Uint8Array[]): Promise<number> {
  let next = 0;
  let counted = 0;
  const send = async (): Promise<void> => {
    while (next < bodies.length) {
      const { verdicts } = await ingestAgain(region, bodies[next++]);
      counted += verdicts.counted;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, send));
  return counted;
}
