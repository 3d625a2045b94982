import { ORDER_FIELDS, ORDER_STATUSES } from '../../model/order.ts';
import {
  SEPARATOR,
  name,
  names,
  padded,
  part,
  recordIdOf,
  recordKey,
  text,
  view,
  whole,
  once,
} from './sql-text.ts';
import { ARRIVAL } from './topic-tables.ts';

/** The rules that the verdict of an order hangs on. */
export interface OrderRuleSpans {
  readonly maxOrderAgeMs: number;
  readonly maxClockSkewMs: number;
}

const STATUSES = ORDER_STATUSES.map(text).join(', ');

/** Digits of the largest version. */
export const VERSION_DIGITS = 16;
export const VERSION_MAX = Number.MAX_SAFE_INTEGER;

/** Between the parts of a basis, itself a part of longer texts. */
const BASIS_SEPARATOR = "U&'\\001E'";

/**
 * Views that judge every version of every order: `bookedOrders` (arrival, verdict, code) with those of this region, and
 * `accepted` with the accepted ones of both.
 *
 * Each region's versions are judged against that region's own, in the order of its topic. So both regions judge all of them
 * alike, whenever they hear of each other, and agree on whose an order is. Only whether an order is known at all, which a
 * late version must be, is asked of both.
 */
export function orderViews(region: string, regions: readonly string[], rules: OrderRuleSpans): string[] {
  return [
    view('receivedOrders', received(region, regions)),
    view('agedOrders', aged(rules)),
    view('knownOrders', known()),
    view('eligibleOrders', eligible()),
    view('orderMaxima', maxima()),
    view('versionFirsts', versionFirsts()),
    view('judgedOrders', judged()),
    view('bookedOrders', booked()),
    view('accepted', accepted(region)),
  ];
}

function received(region: string, regions: readonly string[]): string {
  const missing = ORDER_FIELDS.map((field) => `${name(field)} IS NULL`).join(' OR ');
  const select = (from: string): string => {
    const isOwn = from === region;
    return `SELECT ${names(ORDER_FIELDS)}, ${ARRIVAL} AS \`arrival\`, ${isOwn ? 1 : 0} AS \`own\`,
  ${regions.indexOf(from)} AS \`place\`, PROCTIME() AS \`at\`,
  CASE WHEN \`code\` IS NOT NULL THEN \`code\`
    WHEN ${missing} THEN 'missing_field'
    WHEN \`orderStatus\` NOT IN (${STATUSES}) THEN 'bad_value'
    WHEN \`orderVersion\` < 1 OR \`orderVersion\` > ${whole(VERSION_MAX)} THEN 'out_of_range'
  END AS \`fault\`
FROM ${name(isOwn ? 'orders' : 'peerOrders')}`;
  };
  const peers = regions.filter((one) => one !== region);
  return [region, ...peers].map(select).join('\nUNION ALL\n');
}

function aged({ maxOrderAgeMs, maxClockSkewMs }: OrderRuleSpans): string {
  return `SELECT *,
  CASE WHEN \`fault\` IS NOT NULL THEN 'invalid'
    WHEN \`orderTime\` > \`arrival\` + ${whole(maxClockSkewMs)} THEN 'future'
    WHEN \`orderTime\` < \`arrival\` - ${whole(maxOrderAgeMs)} THEN 'late'
    ELSE 'on_time'
  END AS \`age\`
FROM \`receivedOrders\``;
}

const RUNNING = 'ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW';
const over = (columns: readonly string[]): string => `OVER (PARTITION BY ${names(columns)} ${RUNNING})`;

/** Whether the order is known: a version on time has come before, or is this one. And what touches the first one asked for. */
function known(): string {
  const basis = ['CAST(`orderTime` AS STRING)', '`merchantId`', '`userId`'].join(
    ` || ${BASIS_SEPARATOR} || `,
  );
  const content = [
    '`orderStatus`',
    'CAST(`orderTime` AS STRING)',
    '`userId`',
    '`merchantId`',
    'CAST(`amountMicros` AS STRING)',
    '`currency`',
  ].join(` || ${SEPARATOR} || `);
  return `SELECT *, COUNT(CASE WHEN \`age\` = 'on_time' THEN 1 END) ${over(['orderId'])} AS \`onTimeRows\`,
  FIRST_VALUE(CASE WHEN \`age\` = 'on_time' THEN \`basis\` END) ${over(['orderId'])} AS \`firstBasis\`
FROM (
  SELECT *, ${basis} AS \`basis\`, ${content} AS \`content\` FROM \`agedOrders\` WHERE \`age\` <> 'invalid'
)`;
}

/** A version is eligible when nothing but other versions of the order keeps it from being accepted. */
function eligible(): string {
  return `SELECT *,
  CASE WHEN \`age\` = 'future' OR \`onTimeRows\` = 0 THEN CAST(NULL AS BIGINT) ELSE \`orderVersion\` END AS \`eligibleVersion\`,
  CASE WHEN \`age\` = 'future' OR \`onTimeRows\` = 0 THEN CAST(NULL AS STRING) ELSE \`content\` END AS \`eligibleContent\`
FROM \`knownOrders\``;
}

/** The highest eligible version so far is the one accepted last: this one, or one before it. */
function maxima(): string {
  return `SELECT *, MAX(\`eligibleVersion\`) ${over(['orderId', 'place'])} AS \`maxVersion\` FROM \`eligibleOrders\``;
}

function versionFirsts(): string {
  const byVersion = over(['orderId', 'place', 'orderVersion']);
  return `SELECT *, COUNT(\`eligibleContent\`) ${byVersion} AS \`versionRows\`,
  FIRST_VALUE(\`eligibleContent\`) ${byVersion} AS \`versionContent\`
FROM \`orderMaxima\``;
}

function judged(): string {
  return `SELECT *,
  CASE WHEN \`maxVersion\` IS NOT NULL AND \`orderVersion\` < \`maxVersion\` THEN 'stale'
    WHEN \`maxVersion\` IS NOT NULL AND \`orderVersion\` = \`maxVersion\` THEN
      CASE WHEN \`eligibleVersion\` IS NOT NULL AND \`versionRows\` = 1 THEN 'accepted'
        WHEN \`content\` = \`versionContent\` THEN 'duplicate'
        ELSE 'conflict'
      END
    WHEN \`age\` = 'future' THEN 'future'
    ELSE 'late'
  END AS \`verdict\`
FROM \`versionFirsts\``;
}

function booked(): string {
  return `SELECT \`arrival\`, 'invalid' AS \`verdict\`, \`fault\` AS \`code\` FROM \`agedOrders\` WHERE \`age\` = 'invalid' AND \`own\` = 1
UNION ALL
SELECT \`arrival\`, \`verdict\`, \`verdict\` FROM \`judgedOrders\` WHERE \`own\` = 1`;
}

/** What all facts of an order have in common: the key of its first record. */
export function orderGroupKey(region: string): string {
  return recordKey([
    { constant: 'attributed-order' },
    { constant: region },
    { column: '`orderId`' },
    { constant: 'last_touch' },
    { constant: '0' },
  ]);
}

/** Accepted versions with what the rest needs: the record's id and a payload that sorts by version, the first region's last. */
function accepted(region: string): string {
  const key = orderGroupKey(region);
  const payload = [
    padded('`orderVersion`', VERSION_DIGITS),
    'CAST(9 - `place` AS STRING)',
    '`content`',
    '`basis`',
  ].join(` || ${SEPARATOR} || `);
  return `SELECT ${recordIdOf('`hash`')} AS \`recordId\`, \`orderId\`, \`orderVersion\`, \`userId\`, \`merchantId\`, \`orderTime\`, \`own\`, \`basis\`,
  CASE WHEN \`basis\` = \`firstBasis\` THEN 1 ELSE 0 END AS \`isFirstBasis\`, ${payload} AS \`payload\`
FROM (
  SELECT *, ${once(`SHA256(${key})`)} AS \`hash\` FROM \`judgedOrders\` WHERE \`verdict\` = ${text('accepted')}
)`;
}

/** Where the parts of a payload stand. */
const PAYLOAD = {
  version: 0,
  status: 2,
  orderTime: 3,
  userId: 4,
  merchantId: 5,
  amountMicros: 6,
  currency: 7,
  basis: 8,
} as const;

/** A part of `latest`, the payload of an order's latest version. */
export function orderPart(field: keyof typeof PAYLOAD): string {
  return part('`latest`', PAYLOAD[field]);
}

/** Whether an order is this region's: it has taken in the lowest version; of one that both have, it is the first region's. */
export function ownsOrder(regions: readonly string[], region: string): string {
  return `\`takenThere\` IS NULL OR \`takenHere\` ${regions[0] === region ? '<=' : '<'} \`takenThere\``;
}
