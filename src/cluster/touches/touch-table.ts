import { assert } from '../../base/assert.ts';
import type { UnixMs } from '../../base/clock.ts';
import { DAY_MS } from '../../base/units.ts';

/** The table of touches in PostgreSQL, as SQL. Every name in it is one of these or made of a day. */
export const TOUCH_TABLE = 'adtally.touches';
/** What no day's partition takes waits here: a row never fails for the want of one. */
const REST = 'adtally.touches_rest';
const DAY_NAME = /^touches_\d{8}$/;

/** Its columns, with their types in PostgreSQL and in Flink, and the field of a clean event that each holds. */
export const TOUCH_COLUMNS = [
  { name: 'event_id', field: 'eventId', postgres: 'text NOT NULL', flink: 'STRING' },
  { name: 'region', field: 'region', postgres: 'text NOT NULL', flink: 'STRING' },
  { name: 'event_time', field: 'eventTime', postgres: 'bigint NOT NULL', flink: 'BIGINT' },
  { name: 'event_type', field: 'eventType', postgres: 'text NOT NULL', flink: 'STRING' },
  { name: 'user_id', field: 'userId', postgres: 'text COLLATE "C" NOT NULL', flink: 'STRING' },
  { name: 'ad_id', field: 'adId', postgres: 'text NOT NULL', flink: 'STRING' },
  { name: 'campaign_id', field: 'campaignId', postgres: 'text NOT NULL', flink: 'STRING' },
  { name: 'advertiser_id', field: 'advertiserId', postgres: 'text NOT NULL', flink: 'STRING' },
  { name: 'merchant_id', field: 'merchantId', postgres: 'text', flink: 'STRING' },
] as const;
/** Says whether the region counts the event, or has taken it back because the other one counts it. */
export const COUNTED_COLUMN = { name: 'is_counted', postgres: 'boolean NOT NULL', flink: 'BOOLEAN' } as const;

/** An event once a region, however often it comes. The time is part of the key because it says which partition it is in. */
export const TOUCH_KEY = ['event_id', 'region', 'event_time'] as const;

/** Makes the table, where there is none. */
export function createTouchTable(): string[] {
  const columns = [...TOUCH_COLUMNS, COUNTED_COLUMN].map(({ name, postgres }) => `${name} ${postgres}`);
  return [
    'CREATE SCHEMA IF NOT EXISTS adtally',
    `CREATE TABLE ${TOUCH_TABLE} (\n  ${columns.join(',\n  ')},\n  PRIMARY KEY (${TOUCH_KEY.join(', ')})\n) PARTITION BY RANGE (event_time)`,
    `CREATE INDEX touches_by_user ON ${TOUCH_TABLE} (user_id, event_time)`,
    `CREATE TABLE ${REST} PARTITION OF ${TOUCH_TABLE} DEFAULT`,
  ];
}

/** The partition of a day, UTC: `touches_20260131`. */
export function partitionOf(day: UnixMs): string {
  return `touches_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/** The day of a partition, Unix ms; undefined for a table of another name. */
export function dayOfPartition(partition: string): UnixMs | undefined {
  if (!DAY_NAME.test(partition)) return undefined;
  const [year, month, day] = [partition.slice(8, 12), partition.slice(12, 14), partition.slice(14)];
  const time = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(time) || partitionOf(time) !== partition ? undefined : time;
}

/** Adds the partition of a day, in one transaction; rows of the day that waited move into it. Writers wait meanwhile. */
export function addPartition(day: UnixMs): string[] {
  const [partition, from, to] = [qualified(partitionOf(day)), bound(day), bound(day + DAY_MS)];
  return [
    `LOCK TABLE ${TOUCH_TABLE} IN SHARE ROW EXCLUSIVE MODE`,
    `CREATE TABLE ${partition} (LIKE ${TOUCH_TABLE} INCLUDING ALL)`,
    `WITH moved AS (DELETE FROM ${REST} WHERE event_time >= ${from} AND event_time < ${to} RETURNING *)\nINSERT INTO ${partition} SELECT * FROM moved`,
    `ALTER TABLE ${TOUCH_TABLE} ATTACH PARTITION ${partition} FOR VALUES FROM (${from}) TO (${to})`,
  ];
}

/** Removes the partition of a day, and what waited of it and before. */
export function dropPartition(day: UnixMs): string[] {
  return [
    `DROP TABLE ${qualified(partitionOf(day))}`,
    `DELETE FROM ${REST} WHERE event_time < ${bound(day + DAY_MS)}`,
  ];
}

function qualified(partition: string): string {
  assert(DAY_NAME.test(partition), `${JSON.stringify(partition)} is a partition of a day`);
  return `adtally.${partition}`;
}

function bound(time: UnixMs): string {
  assert(Number.isSafeInteger(time) && time >= 0, `${time} is a time`);
  return String(time);
}
