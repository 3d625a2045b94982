import type { PartitionEnds } from '../kafka/inspection.ts';
import type { NextOffset } from '../kafka/ports.ts';

/** Who reads topics on the way of a record. */
export type StepReader =
  | { readonly kind: 'job'; readonly name: string }
  /** Carries them from the Kafka of one region into that of another one. */
  | { readonly kind: 'mirror'; readonly from: string; readonly to: string }
  | { readonly kind: 'pinot' };

/** A part of the way: topics in the Kafka of a region, and who reads them there. */
export interface Step {
  readonly region: string;
  readonly topics: readonly string[];
  readonly reader: StepReader;
}

/** What can be seen of the way. Everything rejects with AdtallyError while a server does not answer. */
export interface ProgressSources {
  ends(region: string, topics: readonly string[]): Promise<readonly PartitionEnds[]>;
  /**
   * What the reader reads next of each partition, having handed on all before it, at least into a transaction that is open.
   * Partitions of which it has said nothing are left out.
   */
  positions(step: Step): Promise<readonly NextOffset[]>;
  /** Whether there is a committed message from `from` to `to`, exclusive: the ends of transactions take offsets, too. */
  holdsMessages(region: string, from: NextOffset, to: bigint): Promise<boolean>;
}
