import type { Clock } from '../../../base/clock.ts';
import { SECOND_MS } from '../../../base/units.ts';
import type { ReadProgress } from '../../../cluster/audit/topics/topic-follower.ts';
import { countOf } from '../../table.ts';

const EVERY_MS = 5 * SECOND_MS;

/** Says now and then how far reading has come, and nothing where it is quick. */
export class ReadingLines {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #say: (text: string) => void;
  #dueMs: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>, say: (text: string) => void) {
    this.#clock = clock;
    this.#say = say;
    this.#dueMs = clock.monotonicMs() + EVERY_MS;
  }

  tell(region: string, { read, all }: ReadProgress): void {
    if (read === all || this.#clock.monotonicMs() < this.#dueMs) return;
    this.#dueMs = this.#clock.monotonicMs() + EVERY_MS;
    this.#say(
      `Reading Kafka of ${region}: ${Math.floor((100 * read) / all)}% of ${countOf(all, 'message')} ...`,
    );
  }
}
