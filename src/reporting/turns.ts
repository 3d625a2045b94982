import type { Clock } from '../base/clock.ts';

/** After so much work on a query the event loop gets a turn: events must not wait for a large report. */
const TURN_MS = 8;
const RECORDS_PER_LOOK = 512;

export type TurnClock = Pick<Clock, 'monotonicMs' | 'turn'>;

/** Takes each of `records`, which may be read with pauses, and lets others have their turn now and then. */
export async function forEachInTurns<R>(
  records: Iterable<R>,
  clock: TurnClock,
  take: (record: R) => void,
): Promise<void> {
  let taken = 0;
  let turnDueMs = clock.monotonicMs() + TURN_MS;
  for (const record of records) {
    take(record);
    if (++taken % RECORDS_PER_LOOK === 0 && clock.monotonicMs() >= turnDueMs) {
      await clock.turn();
      turnDueMs = clock.monotonicMs() + TURN_MS;
    }
  }
}
