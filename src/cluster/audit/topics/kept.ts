import type { UnixMs } from '../../../base/clock.ts';
import { MINUTE_MS } from '../../../base/units.ts';
import type { PartitionOffsets, ReceivedMessage } from '../../kafka/ports.ts';

/** Of two messages of a partition the later one may have the earlier time, by less than this. */
const DISORDER_MS = MINUTE_MS;

/** From when on a topic has all its messages: those before have left its retention. */
export class Kept {
  /** Partitions that have lost some, with the time of the oldest message left; Infinity until one is seen. */
  readonly #cut = new Map<number, UnixMs>();

  begin(offsets: readonly PartitionOffsets[]): void {
    for (const { partition, first } of offsets) if (first > 0n) this.#cut.set(partition, Infinity);
  }

  see({ partition, timestamp }: ReceivedMessage): void {
    if (this.#cut.get(partition) === Infinity) this.#cut.set(partition, timestamp);
  }

  /** Start of the first minute whose messages are all there, Unix ms; 0 when none were lost. */
  get from(): UnixMs {
    if (this.#cut.size === 0) return 0;
    return Math.ceil((Math.max(...this.#cut.values()) + DISORDER_MS) / MINUTE_MS) * MINUTE_MS;
  }
}
