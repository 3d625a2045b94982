import type { UnixMs } from '../base/clock.ts';
import type { RecordFeed, RecordKind, RecordKinds, RefillableSink, ReplayCount } from './ports.ts';

const PAGE_RECORDS = 5000;

export interface FeedReplayOptions {
  readonly feeds: readonly RecordFeed[];
  readonly sink: RefillableSink;
  /** Records of minutes, or orders, from this time on. */
  readonly from: UnixMs;
  readonly stop: AbortSignal;
  /** Hears of each page: how many records it had from `from` on. */
  readonly onRecords: (records: number) => void;
}

/**
 * Reads feeds from their beginning to their end and brings the sink what it does not hold so. It stands beside the loaders: no
 * cursor moves, so what breaks it off loses nothing, and what it repeats changes nothing.
 */
export async function replayFeeds(options: FeedReplayOptions): Promise<Omit<ReplayCount, 'store'>> {
  const count = { records: 0, changed: 0 };
  for (const feed of options.feeds) await replayFeed(feed, options, count);
  await options.sink.flush();
  return count;
}

async function replayFeed(
  feed: RecordFeed,
  { sink, from, stop, onRecords }: FeedReplayOptions,
  count: Omit<ReplayCount, 'store'>,
): Promise<void> {
  let cursor: string | undefined;
  for (let isOver = false; !isOver;) {
    const page = await feed.next(cursor, PAGE_RECORDS, 0, stop);
    stop.throwIfAborted();
    const records = page.records.filter((record) => timeOf(record) >= from);
    const differing = await sink.differing(feed.id.kind, records);
    if (differing.length > 0) await sink.fill(feed.id.kind, differing);
    count.records += records.length;
    count.changed += differing.length;
    onRecords(records.length);
    cursor = page.cursor;
    isOver = page.caughtUp;
  }
}

/** The minute of an ad minute, the time of an order. */
function timeOf(record: RecordKinds[RecordKind]): UnixMs {
  return 'minute' in record ? record.minute : record.orderTime;
}
