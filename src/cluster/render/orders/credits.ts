import { LAST_UNIX_MS } from '../../../model/event-time.ts';
import type { AttributionModel } from '../../../model/attributed-order.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import {
  name,
  names,
  once,
  part,
  recordIdOf,
  recordKey,
  text,
  unsortable,
  view,
  whole,
} from '../sql-text.ts';
import { fieldsOf } from '../topic-tables.ts';
import { CANDIDATE, GRADE, TIME_DIGITS } from './candidates.ts';
import { BASIS_DIGITS } from './decisions.ts';
import { isEnriched } from './enrichment.ts';
import { decayCredit, decayViews } from './time-decay.ts';

/** The same to each; what a whole number of micros leaves over goes to the first ones. */
const LINEAR_CREDIT = '`worth` / `winners` + CASE WHEN `n` <= MOD(`worth`, `winners`) THEN 1 ELSE 0 END';

/** A row an order, model and rank: which touch, and how much of the amount. */
const SHARES: Record<AttributionModel, () => string> = {
  last_touch: () => sole('last_touch', '1'),
  first_touch: () => sole('first_touch', '`winners`'),
  linear: () => shared('linear', 'weighed', LINEAR_CREDIT),
  time_decay: () => shared('time_decay', 'decayed', decayCredit()),
};

/** Views up to `credited`, the records of orders, from the decisions as they come back from their topic, `decided`. */
export function creditViews(spec: PipelineSpec, region: string): string[] {
  const { models } = spec.attribution;
  return [
    view('weighed', weighed()),
    ...(models.includes('time_decay') ? decayViews(spec) : []),
    view('shares', models.map((model) => SHARES[model]()).join('\nUNION ALL\n')),
    view('keyedShares', keyed(region)),
    view('credited', credited(spec, region)),
  ];
}

/** Views share only where there is no click; a cancelled order is worth nothing. */
function weighed(): string {
  return `SELECT *, CASE WHEN \`clicks\` > 0 THEN \`clicks\` ELSE \`found\` END AS \`winners\`,
  CASE WHEN \`isOwn\` AND \`orderStatus\` <> 'cancelled' THEN \`amountMicros\` ELSE CAST(0 AS BIGINT) END AS \`worth\`
FROM \`decided\` WHERE \`recordId\` IS NOT NULL`;
}

const columns = (): string => names(fieldsOf('decisions').filter((field) => field !== 'touches'));

/** All of it to the winner at this place, counted from 1. */
function sole(model: AttributionModel, place: string): string {
  return `SELECT ${columns()}, ${text(model)} AS \`model\`, 0 AS \`rank\`, CASE WHEN \`winners\` > 0 THEN \`touches\`[${place}] END AS \`touch\`,
  CASE WHEN \`winners\` > 0 THEN \`worth\` ELSE CAST(0 AS BIGINT) END AS \`credit\`
FROM \`weighed\``;
}

/** To each winner its `credit`, by its place `n`; those behind them have none. */
function shared(model: AttributionModel, from: string, credit: string): string {
  return `SELECT ${columns()}, ${text(model)} AS \`model\`, COALESCE(\`n\`, 1) - 1 AS \`rank\`, CASE WHEN \`n\` <= \`found\` THEN \`touch\` END AS \`touch\`,
  CASE WHEN \`n\` <= \`winners\` THEN ${credit} ELSE CAST(0 AS BIGINT) END AS \`credit\`
FROM ${name(from)} LEFT JOIN UNNEST(\`touches\`) WITH ORDINALITY AS \`list\` (\`touch\`, \`n\`) ON TRUE`;
}

function keyed(region: string): string {
  const key = recordKey([
    { constant: 'attributed-order' },
    { constant: region },
    { column: '`orderId`' },
    { column: '`model`' },
    { column: 'CAST(`rank` AS STRING)' },
  ]);
  return `SELECT *, ${once(`SHA256(${key})`)} AS \`hash\`, \`isOwn\` AND \`touch\` IS NOT NULL AS \`isAttributed\` FROM \`shares\``;
}

function credited(spec: PipelineSpec, region: string): string {
  const time = `${whole(LAST_UNIX_MS)} - TRY_CAST(SUBSTR(\`touch\`, ${BASIS_DIGITS + 2}, ${TIME_DIGITS}) AS BIGINT)`;
  const type = `CASE SUBSTR(\`touch\`, ${BASIS_DIGITS + 1}, 1) WHEN '${GRADE.click}' THEN 'click' ELSE 'impression' END`;
  const places = spec.regions.map((one, place) => `WHEN '${place}' THEN ${text(one)}`).join(' ');
  return `SELECT ${recordIdOf('`hash`')}, \`revision\`, ${text(region)}, \`orderId\`, \`orderVersion\`, \`orderStatus\`,
  \`orderTime\`, \`userId\`, \`merchantId\`, \`amountMicros\`, \`currency\`, \`model\`, CAST(\`rank\` AS INT),
  CASE WHEN NOT \`isOwn\` THEN 'yielded' WHEN \`isAttributed\` THEN 'attributed' ELSE 'unattributed' END,
  CASE WHEN \`isOwn\` AND NOT \`isAttributed\` THEN CASE WHEN \`rank\` = 0 THEN \`reason\` ELSE 'no_touch' END END,
  \`credit\`, ${ofTouch(part('`touch`', CANDIDATE.adId))}, ${ofTouch(part('`touch`', CANDIDATE.campaignId))}, ${ofTouch(part('`touch`', CANDIDATE.advertiserId))},
  ${ofTouch(unsortable(part('`touch`', CANDIDATE.eventId)))}, ${ofTouch(type)}, ${ofTouch(time)},
  ${ofTouch(`CASE ${part('`touch`', CANDIDATE.place)} ${places} END`)}${isEnriched(spec) ? ', `enrichment`, `enrichmentStatus`' : ''}
FROM \`keyedShares\``;
}

function ofTouch(expression: string): string {
  return `CASE WHEN \`isAttributed\` THEN ${expression} END`;
}
