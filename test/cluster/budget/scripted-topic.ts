import type { LoadTopic } from '../../../src/cluster/budget/ports.ts';
import type { PartitionOffsets, KafkaReader, ReceivedMessage } from '../../../src/cluster/kafka/ports.ts';
import type { AdMinute } from '../../../src/model/ad-minute.ts';

/** A load topic in memory, with two partitions; read by any number at once. */
export class ScriptedTopic implements LoadTopic {
  readonly topic = 'a.load.ad-minutes';
  #partitions: Buffer[][] = [[], []];
  /** Asked before each batch: what it throws, the reader fails with. */
  mayFail = (): void => {};

  append(records: readonly AdMinute[]): void {
    for (const record of records) {
      const { length } = this.#partitions;
      this.#partitions[record.recordId.charCodeAt(0) % length].push(Buffer.from(JSON.stringify(record)));
    }
  }

  appendText(text: string): void {
    this.#partitions[0].push(Buffer.from(text));
  }

  /** As if it had been removed and made anew. */
  clear(): void {
    this.#partitions = [[], []];
  }

  offsets(): Promise<PartitionOffsets[]> {
    return Promise.resolve(
      this.#partitions.map(({ length }, partition) => ({ partition, first: 0n, lastStable: BigInt(length) })),
    );
  }

  read({ from = [], take, onFailure }: Parameters<LoadTopic['read']>[0]): Promise<KafkaReader> {
    const closed = new AbortController();
    const at = this.#partitions.map((_, partition) =>
      Number(from.find((next) => next.partition === partition)?.offset ?? 0n),
    );
    const run = async (): Promise<void> => {
      while (!closed.signal.aborted) {
        for (const [partition, messages] of this.#partitions.entries()) {
          const batch = messages
            .slice(at[partition], at[partition] + 37)
            .map((value, index) => this.#message(partition, at[partition] + index, value));
          if (batch.length === 0 || closed.signal.aborted) continue;
          this.mayFail();
          await take(batch);
          at[partition] += batch.length;
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const running = run().catch((error: unknown) => onFailure(error as Error));
    const close = async (): Promise<void> => {
      closed.abort();
      await running;
    };
    return Promise.resolve({ close });
  }

  #message(partition: number, offset: number, value: Buffer): ReceivedMessage {
    const { topic } = this;
    return { topic, partition, offset: BigInt(offset), key: null, value, headers: {}, timestamp: Date.now() };
  }
}
