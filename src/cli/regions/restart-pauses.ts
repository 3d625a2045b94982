import { SECOND_MS } from '../../base/units.ts';

/** How a process ended: with an exit code or by a signal. */
export interface Death {
  readonly exit: number | null;
  readonly signal: string | null;
  /** Its last words. */
  readonly reason: string;
}

const FIRST_PAUSE_MS = 250;
const PAUSE_MS_MAX = 30 * SECOND_MS;
/** Whoever has lived so long was well: the next death is a first one again. */
const WELL_AFTER_MS = 60 * SECOND_MS;
/** A wrong setting, a directory in use, damaged or unknown content: trying again soon changes nothing. */
const FOR_SOMEBODY_TO_MEND: ReadonlySet<number | null> = new Set([2, 3, 4]);

/** Whether somebody has to look before another start can go better. */
export function needsMending({ exit }: Pick<Death, 'exit'>): boolean {
  return FOR_SOMEBODY_TO_MEND.has(exit);
}

/** How long to wait before the next start: not at all after a first death, then longer each time. */
export class RestartPauses {
  #deaths = 0;

  /** Milliseconds until the next start, after a life of `livedMs`; `wasUp`: whether it had come up at all. */
  next(death: Pick<Death, 'exit'>, wasUp: boolean, livedMs: number): number {
    if (wasUp && livedMs >= WELL_AFTER_MS) this.#deaths = 0;
    const earlier = this.#deaths++;
    if (!wasUp && needsMending(death)) return PAUSE_MS_MAX;
    if (earlier === 0) return 0;
    return Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** (earlier - 1));
  }

  /** Somebody asked for a start: what was before does not count. */
  forget(): void {
    this.#deaths = 0;
  }
}
