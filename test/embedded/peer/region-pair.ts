import { randomBytes } from 'node:crypto';
import { nodeClock } from '../../../src/adapters/node-clock/node-clock.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { Region } from '../../../src/embedded/ports.ts';
import { openRegion } from '../../../src/embedded/region-engine.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../../src/model/attributed-order.ts';
import { resolveSpec } from '../../../src/pipeline/pipeline-spec.ts';
import type { PipelineConfig } from '../../../src/pipeline/settings.ts';
import { MemoryDisk } from '../memory-disk.ts';

export const NOW = Date.UTC(2026, 0, 31, 12, 0, 30);

type Fields = Readonly<Record<string, unknown>>;

/** Two regions in memory, which hear of each other only when a test says so. Their clock stands until it is moved. */
export class RegionPair {
  readonly #disks = { a: new MemoryDisk(), b: new MemoryDisk() };
  readonly #config: PipelineConfig;
  now = NOW;
  a!: Region;
  b!: Region;

  constructor(config: PipelineConfig = {}) {
    this.#config = config;
  }

  static async open(config: PipelineConfig = {}): Promise<RegionPair> {
    const pair = new RegionPair(config);
    pair.a = await pair.#open('a');
    pair.b = await pair.#open('b');
    return pair;
  }

  /** Opens a region again on what is on its disk; with `isNew` on an empty one. */
  async reopen(name: 'a' | 'b', { isNew = false } = {}): Promise<void> {
    await this[name].close();
    if (isNew) this.#disks[name] = new MemoryDisk();
    this[name] = await this.#open(name);
  }

  /** From now on counts how often a segment of the log of a region is opened for reading. */
  countLogReads(name: 'a' | 'b'): () => number {
    const disk = this.#disks[name];
    const openRead = disk.openRead.bind(disk);
    let opened = 0;
    disk.openRead = (path) => {
      if (path.startsWith('log/')) opened++;
      return openRead(path);
    };
    return () => opened;
  }

  /** What became of one event. */
  async send(name: 'a' | 'b', event: Fields): Promise<string> {
    const { verdicts } = await this[name].ingest(Buffer.from(JSON.stringify(event)), 'json');
    return Object.entries(verdicts).find(([, count]) => count === 1)![0];
  }

  async order(name: 'a' | 'b', order: Fields): Promise<string> {
    const { verdicts } = await this[name].ingestOrders(Buffer.from(JSON.stringify(order)), 'json');
    return Object.entries(verdicts).find(([, count]) => count === 1)![0];
  }

  /** `to` takes in everything that it has not heard of the other region; returns how many pages there were. */
  async hear(to: 'a' | 'b'): Promise<number> {
    const [hearer, other] = to === 'a' ? [this.a, this.b] : [this.b, this.a];
    for (let pages = 1; ; pages++) {
      const { page, isEmpty } = await other.peerPage(hearer.peerPosition());
      await hearer.takePeerPage(page);
      if (isEmpty) return pages;
    }
  }

  /** Both hear all there is, and then what came of that. */
  async heal(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.hear('a');
      await this.hear('b');
    }
  }

  minutes(name: 'a' | 'b'): readonly AdMinute[] {
    return this[name].changedAdMinutes(undefined, 1000).records;
  }

  orders(name: 'a' | 'b'): readonly AttributedOrder[] {
    return this[name].changedOrders(undefined, 1000).records;
  }

  async close(): Promise<void> {
    await this.a.close();
    await this.b.close();
  }

  #open(name: 'a' | 'b'): Promise<Region> {
    const clock: Clock = { ...nodeClock, now: () => this.now };
    const spec = resolveSpec({ regions: ['a', 'b'], ...this.#config }, { environment: {}, flags: {} });
    return openRegion({ name, spec, disk: this.#disks[name], clock, entropy: (bytes) => randomBytes(bytes) });
  }
}

export function eventOf(id: string, over: Fields = {}): Fields {
  return {
    eventId: id,
    eventType: 'impression',
    eventTime: NOW - 1000,
    adId: 'ad-1',
    campaignId: 'c-1',
    advertiserId: 'adv-1',
    userId: 'u-1',
    merchantId: 'm-1',
    costMicros: 1500,
    ...over,
  };
}

export function orderOf(id: string, over: Fields = {}): Fields {
  return { orderId: id, orderTime: NOW, userId: 'u-1', merchantId: 'm-1', amountMicros: 9_000_000, ...over };
}
