import type { UnixMs } from '../base/clock.ts';
import type { EventDraft } from './event-writer.ts';
import type { Random } from './random.ts';

const SLOTS = 8192;
/** One in so many new events is kept for a repetition. */
const KEEP_ONE_IN = 8;

/** Some of the latest events, to be sent again. */
export class RecentEvents {
  readonly #random: Random;
  readonly #drafts: EventDraft[] = [];
  #next = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Keeps a copy of `draft`, sometimes. */
  offer(draft: EventDraft): void {
    if (this.#drafts.length > 0 && this.#random.below(KEEP_ONE_IN) !== 0) return;
    const slot = this.#next++ % SLOTS;
    if (slot === this.#drafts.length) this.#drafts.push({ ...draft });
    else Object.assign(this.#drafts[slot], draft);
  }

  /** Copies a kept event that is not older than `oldest` into `draft`; false when the one drawn is, or none is kept. */
  draw(draft: EventDraft, oldest: UnixMs): boolean {
    if (this.#drafts.length === 0) return false;
    const drawn = this.#drafts[this.#random.below(this.#drafts.length)];
    if (drawn.eventTime < oldest) return false;
    Object.assign(draft, drawn);
    return true;
  }
}
