import type { ReceivedMessage } from '../../kafka/ports.ts';

/** Messages of a topic that no job writes so. */
export class Strangers {
  count = 0;
  /** Where the first one is: `topic a.clean, partition 0, offset 17`. */
  first: string | null = null;

  see({ topic, partition, offset }: ReceivedMessage): void {
    this.count++;
    this.first ??= `topic ${topic}, partition ${partition}, offset ${offset}`;
  }
}
