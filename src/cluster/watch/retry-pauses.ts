import { SECOND_MS } from '../../base/units.ts';

const FIRST_PAUSE_MS = SECOND_MS;
const PAUSE_MS_MAX = 60 * SECOND_MS;
/** What was well for so long has nothing to do with what was before. */
const WELL_AFTER_MS = 60 * SECOND_MS;

interface Patient {
  readonly tries: number;
  readonly nextMs: number;
  readonly wellSinceMs: number | null;
}

/** When each of several things may be tried again: at once the first time, then after pauses twice as long each time, to a minute. */
export class RetryPauses {
  readonly #patients = new Map<string, Patient>();

  isDue(name: string, nowMs: number): boolean {
    return nowMs >= (this.#patients.get(name)?.nextMs ?? nowMs);
  }

  tried(name: string, nowMs: number): void {
    const tries = (this.#patients.get(name)?.tries ?? 0) + 1;
    const pauseMs = Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** (tries - 1));
    this.#patients.set(name, { tries, nextMs: nowMs + pauseMs, wellSinceMs: null });
  }

  well(name: string, nowMs: number): void {
    const patient = this.#patients.get(name);
    if (patient === undefined) return;
    const since = patient.wellSinceMs ?? nowMs;
    if (nowMs - since >= WELL_AFTER_MS) this.#patients.delete(name);
    else this.#patients.set(name, { ...patient, wellSinceMs: since });
  }
}
