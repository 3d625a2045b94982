/**
 * The body of a `quarantineReplay` entry: the ids taken out of the quarantine and the raw events to judge again, which may hold
 * any bytes at all, so their lengths go ahead of them: one line of JSON, `{"ids":[…],"lengths":[…]}`, then the events.
 */
export interface ReplayBody {
  readonly ids: readonly number[];
  readonly lengths: readonly number[];
  /** Where the first event begins in the body. */
  readonly eventsAt: number;
}

const NEWLINE = 10;

export function encodeReplayBody(ids: readonly number[], events: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.from(`${JSON.stringify({ ids, lengths: events.map(({ length }) => length) })}\n`);
  return Buffer.concat([head, ...events]);
}

export function decodeReplayBody(body: Uint8Array): ReplayBody {
  const lineEnd = body.indexOf(NEWLINE);
  const head = JSON.parse(Buffer.from(body.subarray(0, lineEnd)).toString()) as Pick<
    ReplayBody,
    'ids' | 'lengths'
  >;
  return { ids: head.ids, lengths: head.lengths, eventsAt: lineEnd + 1 };
}
