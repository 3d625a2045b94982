import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock } from '../../src/adapters/node-clock/node-clock.ts';
import { NodeDisk } from '../../src/adapters/node-disk/node-disk.ts';
import type { UnixMs } from '../../src/base/clock.ts';
import type { Region } from '../../src/embedded/ports.ts';
import { openRegion } from '../../src/embedded/region-engine.ts';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import type { AttributedOrder } from '../../src/model/attributed-order.ts';
import type { OrderReceipt } from '../../src/model/order-receipt.ts';
import type { IngestReceipt } from '../../src/model/verdict.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';

/** Noon of the day on which the tour takes place. */
export const NOON: UnixMs = Date.UTC(2026, 0, 31, 12);

/**
 * Where the chapters play: a real region, in a temporary directory of a real disk. Only its clock is ours, and stands at noon
 * until a chapter moves it.
 */
export class Stage implements AsyncDisposable {
  region: Region;
  directory: string;
  readonly clock: { now: UnixMs };

  readonly #regions: readonly string[];

  /** `name` is one of `regions`; two of them hear of each other through `hear`. */
  static async open(
    name = 'a',
    regions: readonly string[] = ['a'],
    clock: { now: UnixMs } = { now: NOON },
  ): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'adtally-tour-'));
    return new Stage(await openAt(directory, clock, name, regions), directory, clock, regions);
  }

  private constructor(region: Region, directory: string, clock: { now: UnixMs }, regions: readonly string[]) {
    this.region = region;
    this.directory = directory;
    this.clock = clock;
    this.#regions = regions;
  }

  /** Takes in all that another region has counted since it was last heard, as the two do all the time over HTTP. */
  async hear({ region: other }: Stage): Promise<void> {
    for (let isOver = false; !isOver;) {
      const { page, isEmpty } = await other.peerPage(this.region.peerPosition());
      await this.region.takePeerPage(page);
      isOver = isEmpty;
    }
  }

  /** Sends events as one request, the way a publisher would. */
  send(...events: readonly object[]): Promise<IngestReceipt> {
    return this.region.ingest(Buffer.from(JSON.stringify(events)), 'json');
  }

  /** Sends orders as one request, the way a marketplace would. */
  sendOrders(...orders: readonly object[]): Promise<OrderReceipt> {
    return this.region.ingestOrders(Buffer.from(JSON.stringify(orders)), 'json');
  }

  /** Every attributed order the region holds. */
  orders(): AttributedOrder[] {
    const { records } = this.region.changedOrders(undefined, Infinity);
    return records.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
  }

  /** Every ad minute the region holds. */
  records(): AdMinute[] {
    const { records } = this.region.changedAdMinutes(undefined, Infinity);
    return records.toSorted((a, b) => a.minute - b.minute);
  }

  /** Stops the region in good order and starts it again. */
  async restart(): Promise<void> {
    await this.region.close();
    this.region = await openAt(this.directory, this.clock, this.region.name, this.#regions);
  }

  /** What the disk holds at this very moment, as a directory of its own: all that would be left after a crash. */
  async pullThePlug(): Promise<string> {
    const wreck = `${this.directory}-wreck`;
    await cp(this.directory, wreck, { recursive: true });
    return wreck;
  }

  /** Leaves the running region behind and goes on with what is in `wreck`. */
  async startFrom(wreck: string): Promise<void> {
    const region = await openAt(wreck, this.clock, this.region.name, this.#regions);
    await this[Symbol.asyncDispose]();
    this.region = region;
    this.directory = wreck;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.region.close();
    await rm(this.directory, { recursive: true });
  }
}

/** An impression of the tour's one ad at noon; `fields` say what is different. */
export function impression(eventId: string, fields: object = {}): object {
  return {
    eventId,
    eventType: 'impression',
    eventTime: '2026-01-31T12:00:00Z',
    adId: 'espresso',
    campaignId: 'spring',
    advertiserId: 'corner-cafe',
    userId: 'ada',
    costMicros: 2000,
    currency: 'EUR',
    ...fields,
  };
}

export function click(eventId: string, fields: object = {}): object {
  return impression(eventId, { eventType: 'click', costMicros: 250_000, ...fields });
}

function openAt(
  directory: string,
  clock: { now: UnixMs },
  name: string,
  regions: readonly string[],
): Promise<Region> {
  return openRegion({
    name,
    spec: resolveSpec({ regions: [...regions] }, { environment: {}, flags: {} }),
    disk: new NodeDisk(directory),
    clock: { ...nodeClock, now: () => clock.now },
    entropy: (bytes) => randomBytes(bytes),
  });
}
