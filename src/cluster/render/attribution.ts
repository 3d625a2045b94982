import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS } from '../../base/units.ts';
import { LAST_UNIX_MS } from '../../model/event-time.ts';
import { attributionRulesOf, longestWindowMs, type AttributionRules } from '../../pipeline/attribution.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { peerOf, stateTtlMs } from '../cluster-plan.ts';
import { topicNamesOf } from '../topic-names.ts';
import { answers, enrichmentColumns, isEnriched, ordersKind } from './orders/enrichment.ts';
import { orderViews, PAYLOAD, VERSION_DIGITS, VERSION_MAX } from './order-versions.ts';
import {
  checkRegion,
  jobName,
  kafkaOf,
  renderedJob,
  type JobInput,
  type RenderedJob,
} from './rendered-job.ts';
import {
  SEPARATOR,
  insert,
  name,
  padded,
  part,
  sortable,
  statementSet,
  text,
  unsortable,
  view,
  whole,
} from './sql-text.ts';
import { ARRIVED_AT, sourceTable, upsertTable, type JobKafka } from './topic-tables.ts';
import { countedBooks } from './verdict-books.ts';

/**
 * Job 2, Attribution: which touch led to an order. Orders and touches of both regions are joined by user, whatever comes first;
 * every pair becomes a candidate, a text that sorts before those that it beats, and an order's least candidate decides. So
 * the order of arrival never shows, and a late touch or a new version decides anew.
 */
export function renderAttribution(input: JobInput): RenderedJob {
  checkRegion(input);
  const { spec, region } = input;
  checkSupported(spec);
  const rules = attributionRulesOf(spec);
  const kafka = { job: jobName(region, 'attribution'), kafka: kafkaOf(input) };
  const statements = [
    ...tables(kafka, spec, region),
    ...orderViews(region, spec.regions, rules),
    view('touches', touches(spec, region)),
    view('pairs', pairs(spec, rules)),
    ...(isEnriched(spec) ? [view('answers', answers(region))] : []),
    view('facts', facts(spec)),
    view('decided', decided(spec)),
    statementSet([
      insert('verdicts', countedBooks(region, 'order', 'bookedOrders')),
      insert('attributedOrders', records(spec, region)),
    ]),
  ];
  const neededMs = Math.max(spec.retention.orders, longestWindowMs(rules) + HOUR_MS);
  const job = renderedJob(input, 'attribution', stateTtlMs(spec, neededMs), statements);
  // Flink's join in mini-batches ends the whole TaskManager when its task is cancelled before it has begun.
  return { ...job, settings: { ...job.settings, 'table.exec.mini-batch.enabled': 'false' } };
}

/** Throws config_invalid for what the jobs of the cluster cannot do. */
function checkSupported({ attribution }: PipelineSpec): void {
  const others = attribution.models.filter((model) => model !== 'last_touch');
  if (others.length > 0 || attribution.models.length === 0) {
    throw new AdtallyError(
      'config_invalid',
      `attribution.models is ${attribution.models.join(',')}; on the cluster only last_touch is there yet. Take the other models out, or run the embedded engine.`,
    );
  }
}

function tables(kafka: JobKafka, spec: PipelineSpec, region: string): string[] {
  const own = topicNamesOf(region);
  const peer = peerOf(spec, region);
  const peers =
    peer === undefined
      ? []
      : [sourceTable(kafka, 'peerOrders', 'orders', [topicNamesOf(peer).orders], [ARRIVED_AT])];
  const enrichments = isEnriched(spec)
    ? [sourceTable(kafka, 'enrichments', 'enrichments', [own.enrichments])]
    : [];
  const cleans = spec.regions.map((one) => topicNamesOf(one).clean);
  return [
    sourceTable(kafka, 'orders', 'orders', [own.orders], [ARRIVED_AT]),
    ...peers,
    sourceTable(kafka, 'clean', 'clean', cleans),
    ...enrichments,
    upsertTable(kafka, 'verdicts', 'verdicts', own.verdicts, { key: 'book', isKeyOnly: true }),
    upsertTable(kafka, 'attributedOrders', ordersKind(spec), own.attributedOrders, { key: 'recordId' }),
  ];
}

/** Counted events. Of one that both regions have counted the first region's stands before the other's: see candidate. */
function touches({ regions }: PipelineSpec, region: string): string {
  const places = regions.map((one, place) => `WHEN ${text(one)} THEN '${place}'`).join(' ');
  return `SELECT \`eventId\`, \`eventType\`, \`eventTime\`, \`adId\`, \`campaignId\`, \`advertiserId\`, \`userId\`, \`merchantId\`,
  CASE COALESCE(\`region\`, ${text(region)}) ${places} END AS \`place\`
FROM \`clean\` WHERE \`sign\` = 1 AND \`userId\` IS NOT NULL`;
}

/** How well a touch does; the least is the best. `click` and `view` may have the credit, the others tell why there is none. */
const GRADE = { click: 1, view: 2, otherMerchant: 3, outsideWindow: 4, afterOrder: 5 } as const;
/** Where the parts of a candidate stand. */
const CANDIDATE = { eventId: 1, place: 2, adId: 3, campaignId: 4, advertiserId: 5, basis: 6 } as const;
const TIME_DIGITS = 15;

function pairs(spec: PipelineSpec, rules: AttributionRules): string {
  const longest = longestWindowMs(rules);
  // A touch is waited for until it would be late; a touch waits until no order of its window can come.
  const orderTtl = stateTtlMs(spec, rules.viewWindowMs + spec.maxEventAge);
  const side = (type: 'click' | 'impression', windowMs: number): string => {
    const touchTtl = stateTtlMs(spec, windowMs + rules.maxOrderAgeMs);
    const ttl = `STATE_TTL('o' = '${whole(orderTtl)} ms', 't' = '${whole(touchTtl)} ms')`;
    const isOther =
      rules.merchantMatch === 'same'
        ? `WHEN \`t\`.\`merchantId\` IS NULL OR \`t\`.\`merchantId\` <> \`o\`.\`merchantId\` THEN '${GRADE.otherMerchant}'\n    `
        : '';
    const grade = `CASE WHEN \`t\`.\`eventTime\` > \`o\`.\`orderTime\` THEN '${GRADE.afterOrder}'
    WHEN \`o\`.\`orderTime\` - \`t\`.\`eventTime\` > ${whole(windowMs)} THEN '${GRADE.outsideWindow}'
    ${isOther}ELSE '${GRADE[type === 'click' ? 'click' : 'view']}'
  END`;
    return `SELECT /*+ ${ttl} */ \`o\`.\`recordId\`, \`o\`.\`orderId\`, \`o\`.\`orderVersion\`, \`o\`.\`isFirstBasis\`, \`o\`.\`basis\`, ${grade} AS \`grade\`,
  \`t\`.\`eventTime\`, \`t\`.\`eventId\`, \`t\`.\`place\`, \`t\`.\`adId\`, \`t\`.\`campaignId\`, \`t\`.\`advertiserId\`
FROM \`accepted\` AS \`o\` JOIN (SELECT * FROM \`touches\` WHERE \`eventType\` = '${type}') AS \`t\`
ON \`o\`.\`userId\` = \`t\`.\`userId\` AND \`t\`.\`eventTime\` >= \`o\`.\`orderTime\` - ${whole(longest)} AND \`t\`.\`eventTime\` <= \`o\`.\`orderTime\` + ${whole(rules.viewWindowMs)}`;
  };
  return `${side('click', rules.clickWindowMs)}\nUNION ALL\n${side('impression', rules.viewWindowMs)}`;
}

/**
 * The accepted versions, and a candidate for each touch. Versions that ask for the same touches as the first one, nearly all,
 * share one least candidate, so a refund that comes when the touches are gone keeps the order's. Those that ask for others
 * (another user, merchant or time) have one that begins with the version, the latest first.
 */
function facts(spec: PipelineSpec): string {
  // The latest touch first, then the least event id, then the first region.
  const candidate = [
    `\`grade\` || ${padded(`${whole(LAST_UNIX_MS)} - \`eventTime\``, TIME_DIGITS)}`,
    sortable('`eventId`'),
    '`place`',
    '`adId`',
    '`campaignId`',
    '`advertiserId`',
    '`basis`',
  ].join(` || ${SEPARATOR} || `);
  const none = 'CAST(NULL AS STRING)';
  const noVersion = 'CAST(NULL AS BIGINT)';
  const version = padded(`${whole(VERSION_MAX)} - \`orderVersion\``, VERSION_DIGITS);
  const [noAnswer, answered] = isEnriched(spec)
    ? [
        `, ${none} AS \`answer\`, ${none} AS \`details\``,
        `\nUNION ALL\nSELECT \`recordId\`, \`orderId\`, ${none}, ${none}, ${none}, ${noVersion}, ${noVersion}, \`answer\`, \`details\` FROM \`answers\``,
      ]
    : ['', ''];
  return `SELECT \`recordId\`, \`orderId\`, \`payload\`, ${none} AS \`candidate\`, ${none} AS \`otherCandidate\`,
  CASE WHEN \`own\` = 1 THEN \`orderVersion\` END AS \`takenHere\`, CASE WHEN \`own\` = 0 THEN \`orderVersion\` END AS \`takenThere\`${noAnswer}
FROM \`accepted\`
UNION ALL
SELECT \`recordId\`, \`orderId\`, ${none}, CASE WHEN \`isFirstBasis\` = 1 THEN ${candidate} END,
  CASE WHEN \`isFirstBasis\` = 0 THEN ${version} || ${candidate} END, ${noVersion}, ${noVersion}${noAnswer}
FROM \`pairs\`${answered}`;
}

/** One row an order: its latest version, its least candidates, and the lowest version that each region has taken in. */
function decided(spec: PipelineSpec): string {
  const answered = isEnriched(spec) ? ', MAX(`answer`) AS `answer`, MAX(`details`) AS `details`' : '';
  return `SELECT \`recordId\`, MAX(\`orderId\`) AS \`orderId\`, COUNT(*) AS \`revision\`, MAX(\`payload\`) AS \`latest\`, MIN(\`candidate\`) AS \`candidate\`,
  MIN(\`otherCandidate\`) AS \`otherCandidate\`, MIN(\`takenHere\`) AS \`takenHere\`, MIN(\`takenThere\`) AS \`takenThere\`${answered}
FROM \`facts\` GROUP BY \`recordId\``;
}

const payload = (field: keyof typeof PAYLOAD): string => part('`latest`', PAYLOAD[field]);
const touch = (field: keyof typeof CANDIDATE): string =>
  `CASE WHEN \`isAttributed\` THEN ${part('`best`', CANDIDATE[field])} END`;

/** The record: of the region that has taken in the lowest version, and of the first one when both have. */
function records(spec: PipelineSpec, region: string): string {
  const { regions } = spec;
  const isFirst = regions[0] === region;
  const owns = `\`takenThere\` IS NULL OR \`takenHere\` ${isFirst ? '<=' : '<'} \`takenThere\``;
  const basis = payload('basis');
  const best = `CASE WHEN ${part('`candidate`', CANDIDATE.basis)} = ${basis} THEN \`candidate\`
    WHEN ${part('`otherCandidate`', CANDIDATE.basis)} = ${basis} THEN SUBSTR(\`otherCandidate\`, ${VERSION_DIGITS + 1})
  END`;
  const amount = `TRY_CAST(${payload('amountMicros')} AS BIGINT)`;
  const time = `${whole(LAST_UNIX_MS)} - TRY_CAST(SUBSTR(\`best\`, 2, ${TIME_DIGITS}) AS BIGINT)`;
  const regionNames = regions.map((one, place) => `WHEN '${place}' THEN ${text(one)}`).join(' ');
  return `SELECT \`recordId\`, \`revision\`, ${text(region)}, \`orderId\`, TRY_CAST(${payload('version')} AS BIGINT), ${payload('status')},
  TRY_CAST(${payload('orderTime')} AS BIGINT), ${payload('userId')}, ${payload('merchantId')}, ${amount}, ${payload('currency')},
  'last_touch', 0,
  CASE WHEN NOT \`isOwn\` THEN 'yielded' WHEN \`isAttributed\` THEN 'attributed' ELSE 'unattributed' END,
  CASE WHEN \`isOwn\` AND NOT \`isAttributed\` THEN
    CASE SUBSTR(\`best\`, 1, 1) WHEN '${GRADE.otherMerchant}' THEN 'other_merchant' WHEN '${GRADE.outsideWindow}' THEN 'outside_window'
      WHEN '${GRADE.afterOrder}' THEN 'after_order' ELSE 'no_touch' END
  END,
  CASE WHEN \`isAttributed\` AND ${payload('status')} <> 'cancelled' THEN ${amount} ELSE CAST(0 AS BIGINT) END,
  ${touch('adId')}, ${touch('campaignId')}, ${touch('advertiserId')}, CASE WHEN \`isAttributed\` THEN ${unsortable(part('`best`', CANDIDATE.eventId))} END,
  CASE WHEN \`isAttributed\` THEN CASE SUBSTR(\`best\`, 1, 1) WHEN '${GRADE.click}' THEN 'click' ELSE 'impression' END END,
  CASE WHEN \`isAttributed\` THEN ${time} END,
  CASE WHEN \`isAttributed\` THEN CASE ${part('`best`', CANDIDATE.place)} ${regionNames} END END${isEnriched(spec) ? `,\n  ${enrichmentColumns()}` : ''}
FROM (
  SELECT *, \`isOwn\` AND \`best\` IS NOT NULL AND SUBSTR(\`best\`, 1, 1) <= '${GRADE.view}' AS \`isAttributed\`
  FROM (
    SELECT *, ${owns} AS \`isOwn\`, ${best} AS \`best\` FROM ${name('decided')} WHERE \`takenHere\` IS NOT NULL
  )
)`;
}
