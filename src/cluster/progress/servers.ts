import type { Clock } from '../../base/clock.ts';
import type { KafkaInspection, PartitionEnds } from '../kafka/inspection.ts';
import { KafkaInspections } from '../kafka/inspections.ts';
import type { KafkaReader, NextOffset, Reading } from '../kafka/ports.ts';
import type { ConsumedPartition, PinotController } from '../pinot/ports.ts';
import { PINOT_TABLES } from '../pinot/table-names.ts';
import { topicNamesOf } from '../topic-names.ts';
import { MirrorPositions } from './mirror-positions.ts';
import type { ProgressSources, Step } from './ports.ts';

export interface ProgressServersOptions {
  readonly regions: readonly string[];
  /** Looks into the Kafka of a region. Rejects with AdtallyError kafka_unreachable, also for one whose address is not known. */
  readonly openInspection: (region: string) => Promise<KafkaInspection>;
  readonly openReader: (region: string, reading: Reading) => Promise<KafkaReader>;
  readonly pinot: Pick<PinotController, 'consumed'>;
  readonly clock: Clock;
}

/** The servers of a cluster, asked how far each has come. */
export class ProgressServers implements ProgressSources {
  readonly #kafkas: KafkaInspections;
  readonly #pinot: Pick<PinotController, 'consumed'>;
  /** By `from to`. */
  readonly #mirrors: ReadonlyMap<string, MirrorPositions>;

  constructor({ regions, openInspection, openReader, pinot, clock }: ProgressServersOptions) {
    this.#kafkas = new KafkaInspections(openInspection);
    this.#pinot = pinot;
    const ways = regions.flatMap((from) => regions.filter((to) => to !== from).map((to) => ({ from, to })));
    this.#mirrors = new Map(
      ways.map(({ from, to }) => [
        `${from} ${to}`,
        new MirrorPositions({ from, openReader: (reading) => openReader(to, reading), clock }),
      ]),
    );
  }

  ends(region: string, topics: readonly string[]): Promise<readonly PartitionEnds[]> {
    return this.#kafkas.use(region, (kafka) => kafka.ends(topics));
  }

  holdsMessages(region: string, from: NextOffset, to: bigint): Promise<boolean> {
    return this.#kafkas.use(region, (kafka) => kafka.holdsMessages(from, to));
  }

  async positions({ region, topics, reader }: Step): Promise<readonly NextOffset[]> {
    if (reader.kind === 'mirror') return this.#mirrors.get(`${reader.from} ${reader.to}`)!.next(topics);
    if (reader.kind === 'pinot') return this.#loaded(region);
    const offsets = await this.#kafkas.use(region, (kafka) => kafka.groupOffsets(reader.name, topics));
    return offsets.flatMap((one) => (one.offset === null ? [] : [{ ...one, offset: one.offset }]));
  }

  async close(): Promise<void> {
    await Promise.all([this.#kafkas.close(), ...[...this.#mirrors.values()].map((one) => one.close())]);
  }

  async #loaded(region: string): Promise<NextOffset[]> {
    const { loadAdMinutes, loadAttributedOrders } = topicNamesOf(region);
    const loads = [
      { topic: loadAdMinutes, table: PINOT_TABLES['ad-minutes'] },
      { topic: loadAttributedOrders, table: PINOT_TABLES['attributed-orders'] },
    ];
    const found = await Promise.all(
      loads.map(async ({ topic, table }) => leastOf(topic, await this.#pinot.consumed(table))),
    );
    return found.flat();
  }
}

/** Where the server of each partition is that is furthest behind; one that does not say may be anywhere. */
function leastOf(topic: string, consumed: readonly ConsumedPartition[]): NextOffset[] {
  return [...Map.groupBy(consumed, ({ partition }) => partition)].flatMap(([partition, servers]) => {
    const offsets = servers.map(({ offset }) => offset).filter((offset) => offset !== null);
    if (offsets.length < servers.length) return [];
    return [{ topic, partition, offset: offsets.reduce((least, one) => (one < least ? one : least)) }];
  });
}
