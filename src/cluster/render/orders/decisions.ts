import { AdtallyError } from '../../../base/errors.ts';
import { DAY_MS, formatDuration } from '../../../base/units.ts';
import { attributionRulesOf } from '../../../pipeline/attribution.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { orderPart, ownsOrder } from '../order-versions.ts';
import { once, text, view, whole } from '../sql-text.ts';
import { CANDIDATE_TEXT, GRADE, pairs } from './candidates.ts';
import { answers, enrichmentColumns, isEnriched } from './enrichment.ts';

/** An element of an order's list begins with what tells apart the touches that its versions ask for: hex digits. */
export const BASIS_DIGITS = 32;
/** Stands behind the views of a basis. */
const END = '6';
/** Of each basis, at least. */
const MARKS = 3;
/** With the longest ids as many touches are within one message of Kafka. */
const TOUCHES_MAX = 250;
/** As many terms has every view of the time_decay model. */
const DECAYING_TOUCHES_MAX = 100;
/** The largest amount times the largest weight has at most the 38 digits of a DECIMAL. */
const HALF_LIFE_MS_MAX = 30 * DAY_MS;

/** Whether there are models besides last touch, for which all touches of an order must be known. */
export function isShared({ attribution: { models } }: Pick<PipelineSpec, 'attribution'>): boolean {
  return models.some((model) => model !== 'last_touch');
}

/** Throws config_invalid for what the jobs of the cluster cannot do. */
export function checkShared(spec: PipelineSpec): void {
  const { models, touchesMax, timeDecayHalfLife } = spec.attribution;
  const decays = models.includes('time_decay');
  const most = decays ? DECAYING_TOUCHES_MAX : TOUCHES_MAX;
  if (isShared(spec) && touchesMax > most) {
    throw new AdtallyError(
      'config_invalid',
      `attribution.touchesMax is ${touchesMax}; with ${models.join(',')} a cluster shares credit among at most ${most} touches. Lower it, or run the embedded engine.`,
    );
  }
  if (decays && timeDecayHalfLife > HALF_LIFE_MS_MAX) {
    throw new AdtallyError(
      'config_invalid',
      `attribution.timeDecayHalfLife is ${formatDuration(timeDecayHalfLife)}; on a cluster it is at most ${formatDuration(HALF_LIFE_MS_MAX)}, or the largest amounts could not be shared exactly. Lower it, or run the embedded engine.`,
    );
  }
}

/**
 * Views up to `decisionRows`, a row an order: what is known of it, and its touches, the best first. `accepted` and `touches` must be there.
 *
 * An order's list is sorted texts. Each begins with its basis, so the touches of every basis are together, and between them stand
 * marks: `1` before the clicks, `2` before the views, `3` to `5` for why others are no candidates, `6` behind all. So the list of
 * the current basis is cut out by where its marks are.
 */
export function decisionViews(spec: PipelineSpec, region: string): string[] {
  const rules = attributionRulesOf(spec);
  return [
    view('bases', bases()),
    view('pairs', pairs(spec, rules, 'bases')),
    view('numbered', numbered()),
    view('best', best(rules.touchesMax * spec.regions.length)),
    ...(isEnriched(spec) ? [view('answers', answers(region))] : []),
    view('facts', facts(spec)),
    view('gathered', gathered(spec)),
    view('sorted', sorted(spec, region)),
    view('marked', marked()),
    view('cut', cut()),
    view('unique', unique(spec)),
    view('decisionRows', decisionRows(spec)),
  ];
}

/** The first version of each basis: it meets every touch that a later one would, and each of them once. */
function bases(): string {
  return `SELECT \`recordId\`, \`orderId\`, \`orderVersion\`, \`userId\`, \`merchantId\`, \`orderTime\`, \`isFirstBasis\`,
  ${basisId('`basis`')} AS \`basis\`
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY \`recordId\`, \`basis\` ORDER BY \`at\`) AS \`n\`
  FROM (SELECT *, PROCTIME() AS \`at\` FROM \`accepted\`)
) WHERE \`n\` = 1`;
}

function basisId(basis: string): string {
  return once(`SUBSTR(SHA256(${basis}), 1, ${BASIS_DIGITS})`);
}

/**
 * Every pair, numbered for the revision, as an element of the list: a touch that may have credit, or a mark that says why it may not. From
 * here on there is one stream of pairs: where several read them, Flink would join touches and orders for each.
 */
function numbered(): string {
  return `SELECT \`recordId\`, \`basis\`, \`isMiss\`, \`element\`,
  COUNT(*) OVER (PARTITION BY \`recordId\` ORDER BY \`at\` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS \`number\`
FROM (
  SELECT \`recordId\`, \`basis\`, \`grade\` > '${GRADE.view}' AS \`isMiss\`, PROCTIME() AS \`at\`,
    CASE WHEN \`grade\` > '${GRADE.view}' THEN \`basis\` || \`grade\` ELSE \`basis\` || ${CANDIDATE_TEXT} END AS \`element\`
  FROM \`pairs\`
)`;
}

/**
 * Of each basis as many touches as may share its credit, for each region that may have counted them. Clicks stand before views, so where there
 * are any, enough of them are kept.
 */
function best(elementsMax: number): string {
  return `SELECT \`recordId\`, \`element\`, \`number\`
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY \`recordId\`, \`basis\`, \`isMiss\` ORDER BY \`element\`) AS \`place\` FROM \`numbered\`
) WHERE \`place\` <= ${whole(elementsMax)}`;
}

/** Accepted versions, elements of the list and its marks, answers of the order service. */
function facts(spec: PipelineSpec): string {
  const none = 'CAST(NULL AS STRING)';
  const noNumber = 'CAST(NULL AS BIGINT)';
  const noAnswer = isEnriched(spec) ? `, ${none} AS \`answer\`, ${none} AS \`details\`` : '';
  const element = (expression: string, number: string, from: string): string =>
    `SELECT \`recordId\`, ${none}, ${none}, ${expression}, ${number}, ${noNumber}, ${noNumber}${noAnswer} FROM ${from}`;
  return [
    `SELECT \`recordId\`, \`orderId\`, \`payload\`, ${none} AS \`element\`, ${noNumber} AS \`number\`,
  CASE WHEN \`own\` = 1 THEN \`orderVersion\` END AS \`takenHere\`, CASE WHEN \`own\` = 0 THEN \`orderVersion\` END AS \`takenThere\`${noAnswer}
FROM \`accepted\``,
    ...[GRADE.click, GRADE.view, END].map((mark) => element(`\`basis\` || '${mark}'`, noNumber, '`bases`')),
    element('`element`', '`number`', '`best`'),
    ...(isEnriched(spec)
      ? [
          `SELECT \`recordId\`, \`orderId\`, ${none}, ${none}, ${noNumber}, ${noNumber}, ${noNumber}, \`answer\`, \`details\` FROM \`answers\``,
        ]
      : []),
  ].join('\nUNION ALL\n');
}

/**
 * One row an order. The revision is the number of its facts, and the highest number of its pairs besides: so it grows also when one touch takes the
 * place of another.
 */
function gathered(spec: PipelineSpec): string {
  const answered = isEnriched(spec) ? ', MAX(`answer`) AS `answer`, MAX(`details`) AS `details`' : '';
  return `SELECT \`recordId\`, MAX(\`orderId\`) AS \`orderId\`, COUNT(*) + COALESCE(MAX(\`number\`), 0) AS \`revision\`, MAX(\`payload\`) AS \`latest\`,
  ARRAY_AGG(\`element\`) FILTER (WHERE \`element\` IS NOT NULL) AS \`elements\`,
  MIN(\`takenHere\`) AS \`takenHere\`, MIN(\`takenThere\`) AS \`takenThere\`${answered}
FROM \`facts\` GROUP BY \`recordId\``;
}

function sorted(spec: PipelineSpec, region: string): string {
  const answered = isEnriched(spec) ? ', `answer`, `details`' : '';
  return `SELECT \`recordId\`, \`orderId\`, \`revision\`, \`latest\`, ${once('ARRAY_SORT(`elements`)')} AS \`elements\`,
  ${basisId(orderPart('basis'))} AS \`basis\`, ${ownsOrder(spec.regions, region)} AS \`isOwn\`${answered}
FROM \`gathered\` WHERE \`takenHere\` IS NOT NULL`;
}

function marked(): string {
  const misses = [GRADE.otherMerchant, GRADE.outsideWindow, GRADE.afterOrder].map(
    (grade) => `NULLIF(${markAt(grade)}, 0)`,
  );
  return `SELECT *, ${once(markAt(GRADE.click))} AS \`clicksAt\`, ${once(markAt(GRADE.view))} AS \`viewsAt\`,
  ${once(`COALESCE(${misses.join(', ')}, ${markAt(END)})`)} AS \`viewsEnd\`
FROM \`sorted\``;
}

/** Where a mark of the current basis stands in the list; 0 where it does not. */
function markAt(grade: number | string): string {
  return `ARRAY_POSITION(\`elements\`, \`basis\` || '${grade}')`;
}

function slice(from: string, to: string): string {
  return `ARRAY_SLICE(\`elements\`, ${from}, ${to})`;
}

/** Until all marks of a basis have come, it has no touches. */
function cut(): string {
  const isWhole = '`clicksAt` > 0 AND `viewsAt` > 0 AND `viewsEnd` > 0';
  const clicks = slice('`clicksAt` + 1', '`viewsAt` - 1');
  const views = slice('`viewsAt` + 1', '`viewsEnd` - 1');
  const basisOf = (element: string): string => `SUBSTR(${element}, 1, ${BASIS_DIGITS})`;
  const orNone = (list: string): string =>
    once(`CASE WHEN ${isWhole} THEN ${list} ELSE ${slice('2', '1')} END`);
  return `SELECT *, ${orNone(clicks)} AS \`clickList\`, ${orNone(views)} AS \`viewList\`,
  SUBSTR(\`elements\`[\`viewsEnd\`], ${BASIS_DIGITS + 1}, 1) AS \`miss\`,
  ${isWhole} AND ${basisOf('`elements`[1]')} <> ${basisOf('`elements`[CARDINALITY(`elements`)]')} AS \`hasOthers\`
FROM \`marked\``;
}

/** Between the elements of a list that is one text. */
const ELEMENT_SEPARATOR = "U&'\\001D'";
/**
 * In a list from its end: an element, and behind it one that differs in nothing but that the first region has it. As a text of Java's
 * patterns; what takes its place cannot name groups in Flink, so all that is matched goes.
 */
const TWIN = String.raw`(?<![^\x1D])((?:[^\x1F\x1D]*\x1F){2})1\x1F[^\x1D]*\x1D(?=\1(?:0)\x1F)`;

/** The list without the second of twins. */
function untwinned(list: string): string {
  const one = `ARRAY_JOIN(ARRAY_REVERSE(${list}), ${ELEMENT_SEPARATOR})`;
  const without = `ARRAY_REVERSE(SPLIT(REGEXP_REPLACE(${one}, ${text(TWIN)}, ''), ${ELEMENT_SEPARATOR}))`;
  return once(`CASE WHEN CARDINALITY(${list}) < 2 THEN ${list} ELSE ${without} END`);
}

/** Of an event that both regions have counted, the first one's touch stands, and at most so many in all. */
function unique(spec: PipelineSpec): string {
  const { regions, attribution } = spec;
  const single = (list: string): string => (regions.length > 1 ? untwinned(list) : list);
  const most = whole(attribution.touchesMax);
  return `SELECT *, LEAST(CARDINALITY(\`clickList\`), ${most}) AS \`clicks\`, LEAST(CARDINALITY(\`clickList\`) + CARDINALITY(\`viewList\`), ${most}) AS \`found\`,
  ${once(`ARRAY_SLICE(ARRAY_CONCAT(\`clickList\`, \`viewList\`), 1, ${most})`)} AS \`touches\`
FROM (
  SELECT \`recordId\`, \`revision\`, \`orderId\`, \`latest\`, \`elements\`, \`isOwn\`, \`miss\`, \`hasOthers\`${isEnriched(spec) ? ', `answer`, `details`' : ''},
    ${single('`clickList`')} AS \`clickList\`, ${single('`viewList`')} AS \`viewList\`
  FROM \`cut\`
)`;
}

/**
 * Under other touches an order may have had more ranks than it has now, and each of them has to lose its credit. So where it has
 * asked for others, its list is as long as all of them together: a place without a touch has no credit.
 */
function decisionRows(spec: PipelineSpec): string {
  const none = 'CAST(NULL AS STRING)';
  const { touchesMax } = spec.attribution;
  const enrichment = isEnriched(spec) ? enrichmentColumns() : `${none}, ${none}`;
  return `SELECT \`recordId\`, \`revision\`, \`orderId\`, TRY_CAST(${orderPart('version')} AS BIGINT), ${orderPart('status')},
  TRY_CAST(${orderPart('orderTime')} AS BIGINT), ${orderPart('userId')}, ${orderPart('merchantId')},
  TRY_CAST(${orderPart('amountMicros')} AS BIGINT), ${orderPart('currency')}, \`isOwn\`,
  CASE \`miss\` WHEN '${GRADE.otherMerchant}' THEN 'other_merchant' WHEN '${GRADE.outsideWindow}' THEN 'outside_window'
    WHEN '${GRADE.afterOrder}' THEN 'after_order' ELSE ${text('no_touch')} END,
  \`clicks\`, \`found\`,
  CASE WHEN \`hasOthers\` THEN
    ARRAY_SLICE(ARRAY_CONCAT(\`touches\`, \`elements\`), 1, LEAST(${whole(touchesMax)}, CARDINALITY(\`elements\`) - ${2 * MARKS}))
    ELSE \`touches\` END,
  ${enrichment}
FROM \`unique\``;
}
