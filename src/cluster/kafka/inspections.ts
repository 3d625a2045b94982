import type { KafkaInspection } from './inspection.ts';

/** One look into the Kafka of each region, opened when it is first needed and again after it has failed. */
export class KafkaInspections {
  readonly #open: (region: string) => Promise<KafkaInspection>;
  readonly #opened = new Map<string, Promise<KafkaInspection>>();

  /** `open` rejects with AdtallyError kafka_unreachable. */
  constructor(open: (region: string) => Promise<KafkaInspection>) {
    this.#open = open;
  }

  /** Rejects as `look` does. */
  async use<Found>(region: string, look: (kafka: KafkaInspection) => Promise<Found>): Promise<Found> {
    const opened = this.#opened.get(region) ?? this.#open(region);
    this.#opened.set(region, opened);
    try {
      return await look(await opened);
    } catch (error) {
      if (this.#opened.get(region) === opened) this.#opened.delete(region);
      await closed(opened);
      throw error;
    }
  }

  async close(): Promise<void> {
    const all = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(all.map(closed));
  }
}

async function closed(opened: Promise<KafkaInspection>): Promise<void> {
  await opened.then(
    (kafka) => kafka.close(),
    () => undefined,
  );
}
