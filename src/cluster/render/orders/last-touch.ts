import { LAST_UNIX_MS } from '../../../model/event-time.ts';
import { attributionRulesOf } from '../../../pipeline/attribution.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { orderPart, ownsOrder, VERSION_DIGITS, VERSION_MAX } from '../order-versions.ts';
import { SEPARATOR, name, padded, part, text, unsortable, view, whole } from '../sql-text.ts';
import { CANDIDATE, CANDIDATE_TEXT, GRADE, TIME_DIGITS, pairs } from './candidates.ts';
import { answers, enrichmentColumns, isEnriched } from './enrichment.ts';

/** Views up to `decided`, for last touch alone: of an order's candidates only the least is kept. */
export function lastTouchViews(spec: PipelineSpec, region: string): string[] {
  return [
    view('pairs', pairs(spec, attributionRulesOf(spec), 'accepted')),
    ...(isEnriched(spec) ? [view('answers', answers(region))] : []),
    view('facts', facts(spec)),
    view('decided', decided(spec)),
  ];
}

/**
 * The accepted versions, and a candidate for each touch. Versions that ask for the same touches as the first one, nearly all,
 * share one least candidate, so a refund that comes when the touches are gone keeps the order's. Those that ask for others
 * (another user, merchant or time) have one that begins with the version, the latest first.
 */
function facts(spec: PipelineSpec): string {
  const candidate = `${CANDIDATE_TEXT} || ${SEPARATOR} || \`basis\``;
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

const touch = (field: keyof typeof CANDIDATE): string =>
  `CASE WHEN \`isAttributed\` THEN ${part('`best`', CANDIDATE[field])} END`;

/** The records: one an order. */
export function lastTouchRecords(spec: PipelineSpec, region: string): string {
  const { regions } = spec;
  const basis = orderPart('basis');
  const best = `CASE WHEN ${part('`candidate`', CANDIDATE.basis)} = ${basis} THEN \`candidate\`
    WHEN ${part('`otherCandidate`', CANDIDATE.basis)} = ${basis} THEN SUBSTR(\`otherCandidate\`, ${VERSION_DIGITS + 1})
  END`;
  const amount = `TRY_CAST(${orderPart('amountMicros')} AS BIGINT)`;
  const time = `${whole(LAST_UNIX_MS)} - TRY_CAST(SUBSTR(\`best\`, 2, ${TIME_DIGITS}) AS BIGINT)`;
  const regionNames = regions.map((one, place) => `WHEN '${place}' THEN ${text(one)}`).join(' ');
  return `SELECT \`recordId\`, \`revision\`, ${text(region)}, \`orderId\`, TRY_CAST(${orderPart('version')} AS BIGINT), ${orderPart('status')},
  TRY_CAST(${orderPart('orderTime')} AS BIGINT), ${orderPart('userId')}, ${orderPart('merchantId')}, ${amount}, ${orderPart('currency')},
  'last_touch', 0,
  CASE WHEN NOT \`isOwn\` THEN 'yielded' WHEN \`isAttributed\` THEN 'attributed' ELSE 'unattributed' END,
  CASE WHEN \`isOwn\` AND NOT \`isAttributed\` THEN
    CASE SUBSTR(\`best\`, 1, 1) WHEN '${GRADE.otherMerchant}' THEN 'other_merchant' WHEN '${GRADE.outsideWindow}' THEN 'outside_window'
      WHEN '${GRADE.afterOrder}' THEN 'after_order' ELSE 'no_touch' END
  END,
  CASE WHEN \`isAttributed\` AND ${orderPart('status')} <> 'cancelled' THEN ${amount} ELSE CAST(0 AS BIGINT) END,
  ${touch('adId')}, ${touch('campaignId')}, ${touch('advertiserId')}, CASE WHEN \`isAttributed\` THEN ${unsortable(part('`best`', CANDIDATE.eventId))} END,
  CASE WHEN \`isAttributed\` THEN CASE SUBSTR(\`best\`, 1, 1) WHEN '${GRADE.click}' THEN 'click' ELSE 'impression' END END,
  CASE WHEN \`isAttributed\` THEN ${time} END,
  CASE WHEN \`isAttributed\` THEN CASE ${part('`best`', CANDIDATE.place)} ${regionNames} END END${isEnriched(spec) ? `,\n  ${enrichmentColumns()}` : ''}
FROM (
  SELECT *, \`isOwn\` AND \`best\` IS NOT NULL AND SUBSTR(\`best\`, 1, 1) <= '${GRADE.view}' AS \`isAttributed\`
  FROM (
    SELECT *, ${ownsOrder(regions, region)} AS \`isOwn\`, ${best} AS \`best\` FROM ${name('decided')} WHERE \`takenHere\` IS NOT NULL
  )
)`;
}
