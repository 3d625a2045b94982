import type { Clock } from '../../base/clock.ts';
import { pause } from '../../base/pause.ts';

const POLL_MS = 250;

/** What `look` finds, as soon as it finds something; undefined when it has found nothing for so long. */
export async function poll<Found>(
  clock: Clock,
  patienceMs: number,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const deadline = clock.monotonicMs() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || clock.monotonicMs() > deadline) return found;
    await pause(clock, POLL_MS);
  }
}
