import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { openRegion } from '../../src/embedded/region-engine.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';

/** Snapshots would hide from recovery what is damaged here; `snapshots` asks for them. */
export interface Layout {
  readonly snapshots: boolean;
}

export function openOn(directory: string, { snapshots }: Layout = { snapshots: false }): Promise<Region> {
  const config = { logSegment: '64KiB', snapshotAfter: snapshots ? '64KiB' : '64GiB' };
  return openRegion({
    name: 'a',
    spec: resolveSpec(config, { environment: {}, flags: {} }),
    disk: new NodeDisk(directory),
    clock: nodeClock,
    entropy: (bytes) => randomBytes(bytes),
  });
}

/** A body of `events` events with ids of their own, each of an impression of one ad in one minute. */
export function bodyOf(name: string, events: number): Buffer {
  const eventTime = Date.now();
  const lines = Array.from({ length: events }, (_, n) =>
    JSON.stringify({
      eventId: `${name}-${n}`,
      eventType: 'impression',
      eventTime,
      adId: 'ad',
      campaignId: 'campaign',
      advertiserId: 'advertiser',
      userId: 'u'.repeat(100),
    }),
  );
  return Buffer.from(lines.join('\n'));
}

/** How many events a region has counted. */
export function countedBy(region: Region): number {
  const { balanced, verdicts } = region.audit();
  if (!balanced) throw new Error('the books do not balance');
  return verdicts.counted;
}

/** A data directory as a crash left it; each test gets a copy to damage. */
export class CrashedDirectory {
  readonly #original: string;
  /** Events in each acknowledged request, in the order of the log. */
  readonly requests: readonly number[];
  /** The block of the last request. */
  readonly lastBlock: number;

  private constructor(original: string, requests: readonly number[], lastBlock: number) {
    this.#original = original;
    this.requests = requests;
    this.lastBlock = lastBlock;
  }

  /**
   * Sends requests of so many events, one after the other, and keeps what the disk then holds: at once, when nothing yet
   * proves that the last block was acknowledged, or once the region has fallen idle and written that proof.
   */
  static async make(
    requests: readonly number[],
    { isProved, ...layout }: Layout & { readonly isProved: boolean },
  ): Promise<CrashedDirectory> {
    const directory = await mkdtemp(join(tmpdir(), 'adtally-crashed-'));
    const live = join(directory, 'live');
    const original = join(directory, 'original');
    await new NodeDisk(directory).makeDirectory('live');
    const region = await openOn(live, layout);
    for (const [n, events] of requests.entries()) await region.ingest(bodyOf(`r${n}`, events), 'ndjson');
    const lastBlock = region.status().visibleBlock;
    if (isProved) await until(() => region.status().visibleBlock > lastBlock);
    if (layout.snapshots) await region.snapshot();
    await cp(live, original, { recursive: true });
    await region.close();
    await rm(live, { recursive: true });
    return new CrashedDirectory(directory, requests, lastBlock);
  }

  get counted(): number {
    return this.requests.reduce((sum, events) => sum + events, 0);
  }

  /** Calls `use` with a copy. */
  async withCopy<T>(use: (copy: string) => Promise<T>): Promise<T> {
    const copy = await mkdtemp(join(this.#original, 'copy-'));
    try {
      await cp(join(this.#original, 'original'), copy, { recursive: true });
      return await use(copy);
    } finally {
      await rm(copy, { recursive: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.#original, { recursive: true });
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The paths of the log's segments, oldest first. */
export async function segmentsOf(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, 'log'));
  return names.toSorted().map((name) => join(directory, 'log', name));
}

/** Every file of a directory with a digest of its bytes, to see that nothing has changed. */
export async function filesOf(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(
      async (path) =>
        [
          path,
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        ] as const,
    ),
  );
  return new Map(files);
}
