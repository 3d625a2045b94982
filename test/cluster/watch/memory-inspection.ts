import { AdtallyError } from '../../../src/base/errors.ts';
import type {
  GroupOffset,
  KafkaInspection,
  OpenTransaction,
  PartitionEnds,
} from '../../../src/cluster/kafka/inspection.ts';

/** A Kafka to look into, in memory: every topic has one partition. */
export class MemoryInspection implements KafkaInspection {
  readonly topics = new Map<string, Omit<PartitionEnds, 'topic' | 'partition'>>();
  readonly offsets = new Map<string, bigint>();
  open: readonly OpenTransaction[] = [];
  isDown = false;
  closed = 0;

  async ends(topics: readonly string[]): Promise<PartitionEnds[]> {
    if (this.isDown) throw new AdtallyError('kafka_unreachable', 'Kafka does not answer.');
    const none = { first: 0n, lastStable: 0n, end: 0n };
    return Promise.resolve(
      topics.map((topic) => ({ topic, partition: 0, ...(this.topics.get(topic) ?? none) })),
    );
  }

  openTransactions(): Promise<OpenTransaction[]> {
    return Promise.resolve([...this.open]);
  }

  groupOffsets(group: string, topics: readonly string[]): Promise<GroupOffset[]> {
    return Promise.resolve(
      topics.map((topic) => ({ topic, partition: 0, offset: this.offsets.get(`${group} ${topic}`) ?? null })),
    );
  }

  holdsMessages(): Promise<boolean> {
    return Promise.resolve(true);
  }

  listsTransactions(): Promise<boolean> {
    return Promise.resolve(true);
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}
