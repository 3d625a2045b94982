import { AdtallyError } from '../base/errors.ts';
import { MINUTE_MS } from '../base/units.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import type { AttributedOrder } from '../model/attributed-order.ts';
import { minutesFinalBefore } from '../pipeline/aggregation.ts';
import { ordersFinalBefore } from '../pipeline/order-rules.ts';
import type { ChangePage } from './ports.ts';
import type { Aggregation } from './state/aggregation.ts';

/** Enough of the data id to tell cursors of different data directories apart. */
const ORIGIN_LENGTH = 8;

/** Where a reader of the change feed is. Written `1f0c22ab-4711-29923456`: origin, change, minutes. */
interface Cursor {
  /** The number of the last change it has. */
  readonly change: number;
  /** Minutes before this one, or orders of before, Unix ms, were already gone when it began: it has not missed them. */
  readonly since: number;
}

/** The records of at most `limit` cells changed after the cursor. Throws bad_cursor or cursor_expired. */
export function pageOfChanges(
  state: Aggregation,
  dataId: string,
  after: string | undefined,
  limit: number,
): ChangePage<AdMinute> {
  const { cells, changes, scalars } = state;
  const cursor = after === undefined ? { change: 0, since: cells.retiredBefore } : parse(dataId, after);
  if (cursor === undefined || cursor.change > scalars.change || cursor.since > cells.retiredBefore) {
    throw badCursor(after);
  }
  if (cells.retiredChanges.lastSince(cursor.since) > cursor.change) {
    throw expiredCursor(after, 'retention.records');
  }
  const { latestArrival, peer, rules } = scalars;
  const progress = { latestArrival, peer, isFirst: state.isFirst };
  const end = { asOf: latestArrival, finalBefore: minutesFinalBefore(progress, rules) };
  const records: AdMinute[] = [];
  let last = cursor.change;
  for (const { change, minute, row } of changes.after(cursor.change)) {
    if (records.length === limit) {
      const next = format(dataId, { change: last, since: cursor.since });
      return { records, cursor: next, caughtUp: false, ...end };
    }
    records.push(cells.record(cells.existingMinute(minute)!, row));
    last = change;
  }
  const next = format(dataId, { change: scalars.change, since: cells.retiredBefore });
  return { records, cursor: next, caughtUp: true, ...end };
}

/** The records of orders changed after the cursor, at most `limit`. Throws bad_cursor or cursor_expired. */
export function pageOfOrderChanges(
  state: Aggregation,
  dataId: string,
  after: string | undefined,
  limit: number,
): ChangePage<AttributedOrder> {
  const { changes, droppedChanges, scalars } = state.attribution;
  const { droppedBefore } = scalars;
  const cursor = after === undefined ? { change: 0, since: droppedBefore } : parse(dataId, after);
  if (cursor === undefined || cursor.change > scalars.change || cursor.since > droppedBefore) {
    throw badCursor(after);
  }
  if (droppedChanges.lastSince(cursor.since) > cursor.change) {
    throw expiredCursor(after, 'retention.orders');
  }
  const { latestArrival, settled, rules } = state.scalars;
  const end = { asOf: latestArrival, finalBefore: ordersFinalBefore(settled, rules.orders) };
  const records: AttributedOrder[] = [];
  let last = cursor.change;
  for (const { change, content } of changes.after(cursor.change)) {
    if (records.length === limit) {
      const next = format(dataId, { change: last, since: cursor.since });
      return { records, cursor: next, caughtUp: false, ...end };
    }
    records.push(content);
    last = change;
  }
  const next = format(dataId, { change: scalars.change, since: droppedBefore });
  return { records, cursor: next, caughtUp: true, ...end };
}

function badCursor(after: string | undefined): AdtallyError {
  const given = String(after).slice(0, 64);
  return new AdtallyError('bad_cursor', `The cursor "${given}" was not given by this region's data.`);
}

function expiredCursor(after: string | undefined, retention: string): AdtallyError {
  return new AdtallyError(
    'cursor_expired',
    `Records that changed after "${String(after)}" have become older than ${retention}.`,
  );
}

function format(dataId: string, { change, since }: Cursor): string {
  return `${dataId.slice(0, ORIGIN_LENGTH)}-${change}-${since / MINUTE_MS}`;
}

function parse(dataId: string, text: string): Cursor | undefined {
  const match = /^([0-9a-f]{8})-(\d{1,15})-(\d{1,15})$/.exec(text);
  if (match === null || match[1] !== dataId.slice(0, ORIGIN_LENGTH)) return undefined;
  return { change: Number(match[2]), since: Number(match[3]) * MINUTE_MS };
}
