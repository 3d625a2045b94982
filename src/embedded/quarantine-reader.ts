import { AdtallyError } from '../base/errors.ts';
import { VERDICTS } from '../model/verdict.ts';
import { segmentPath } from './log/segment.ts';
import type { Disk, QuarantineEntry, QuarantineList } from './ports.ts';
import { encodeReplayBody } from './state/replay-body.ts';
import type { Aggregation } from './state/aggregation.ts';
import { describeProblem } from './state/event-problem.ts';
import type { QuarantinedEvent } from './state/quarantine.ts';

/** The newest entries below id `before`, with what their raw bytes say. */
export async function listQuarantine(
  disk: Disk,
  state: Aggregation,
  { limit, before }: { limit: number; before?: number | undefined },
): Promise<QuarantineList> {
  const { held, dropped } = state.quarantine;
  const events = Iterator.from(state.quarantine.newest(before)).take(limit).toArray();
  const entries: QuarantineEntry[] = [];
  for (const event of events) {
    const bytes = await readBytes(disk, event);
    const { eventId, code, message } = describeProblem({ ...event, bytes }, state.scalars.rules);
    const verdict = VERDICTS[event.verdict] as QuarantineEntry['verdict'];
    entries.push({
      id: event.id,
      arrival: event.arrival,
      verdict,
      code,
      message,
      eventId,
      sizeBytes: event.length,
    });
  }
  return { entries, held, dropped };
}

/** The raw bytes of an entry as received; rejects with not_found when it is not held. */
export async function readQuarantined(disk: Disk, state: Aggregation, id: number): Promise<Uint8Array> {
  const event = state.quarantine.get(id);
  if (event === undefined) throw new AdtallyError('not_found', `The quarantine holds no entry ${id}.`);
  return readBytes(disk, event);
}

/** The body of a replay of these entries. Rejects with too_large when they are more than `most`, and as readQuarantined. */
export async function readForReplay(
  disk: Disk,
  state: Aggregation,
  ids: readonly number[],
  most: number,
): Promise<{ readonly body: Uint8Array; readonly count: number }> {
  const distinct = [...new Set(ids)];
  if (distinct.length > most) {
    throw new AdtallyError('too_large', `At most ${most} events can be replayed at once.`);
  }
  const events: Uint8Array[] = [];
  for (const id of distinct) events.push(await readQuarantined(disk, state, id));
  return { body: encodeReplayBody(distinct, events), count: distinct.length };
}

async function readBytes(disk: Disk, { id, segment, offset, length }: QuarantinedEvent): Promise<Uint8Array> {
  const path = segmentPath(segment);
  if ((await disk.size(path)) === undefined) {
    throw new AdtallyError('not_found', `The bytes of quarantine entry ${id} have left the log.`);
  }
  const file = await disk.openRead(path);
  try {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, await file.read(bytes, offset));
  } finally {
    await file.close();
  }
}
