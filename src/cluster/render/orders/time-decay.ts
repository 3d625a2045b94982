import { LAST_UNIX_MS } from '../../../model/event-time.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { once, padded, view, whole } from '../sql-text.ts';
import { TIME_DIGITS } from './candidates.ts';
import { BASIS_DIGITS } from './decisions.ts';

/** As in src/pipeline/credit-shares.ts: the weight of a touch of no age, per millisecond of the half-life, is 2 to this. */
const FULL_HALVINGS = 40;
/** Digits of a place, and of what a place may weigh. */
const PLACE_DIGITS = 4;
const WEIGHT = 'DECIMAL(38, 0)';

/**
 * Views up to `decayed`: `weighed` with the weights of the winners, their sum, the remainders of their shares, how many micros these
 * leave over, and the places in the order in which they get one each. Flink SQL has no function over the elements of an array, so each
 * view writes one term a place.
 */
export function decayViews({ attribution }: PipelineSpec): string[] {
  const { touchesMax, timeDecayHalfLife } = attribution;
  const places = Array.from({ length: touchesMax }, (_, n) => n + 1);
  const array = (term: (place: number) => string): string => `ARRAY[${places.map(term).join(',\n    ')}]`;
  const sum = (list: string): string => places.map((place) => `\`${list}\`[${place}]`).join(' + ');
  const weight = (place: number): string =>
    `CASE WHEN ${place} <= \`winners\` THEN ${weightOf(`\`touches\`[${place}]`, timeDecayHalfLife)} ELSE CAST(0 AS ${WEIGHT}) END`;
  const remainder = (place: number): string =>
    `CAST(MOD(\`worth\` * \`weights\`[${place}], \`total\`) AS ${WEIGHT})`;
  return [
    view('weights', added('weighed', 'weights', array(weight))),
    view('totals', added('weights', 'total', `NULLIF(CAST(${sum('weights')} AS ${WEIGHT}), 0)`)),
    view('remainders', added('totals', 'remainders', array(remainder))),
    view('leftovers', added('remainders', 'left', `CAST((${sum('remainders')}) / \`total\` AS INT)`)),
    view('decayed', added('leftovers', 'turns', `ARRAY_SORT(${array((place) => turnOf(String(place)))})`)),
  ];
}

/** The rows of `from` with one more column. */
function added(from: string, column: string, expression: string): string {
  return `SELECT *, ${once(expression)} AS \`${column}\` FROM \`${from}\``;
}

/** The credit of place `n`: its share rounded down, and one micro more when its remainder is among the largest. */
export function decayCredit(): string {
  const floor = `CAST((\`worth\` * \`weights\`[\`n\`] - \`remainders\`[\`n\`]) / \`total\` AS BIGINT)`;
  return `${floor} + CASE WHEN ARRAY_POSITION(\`turns\`, ${turnOf('`n`')}) <= \`left\` THEN 1 ELSE 0 END`;
}

/** A text that sorts by remainder, the largest first, then by place. */
function turnOf(place: string): string {
  return `${padded(`\`total\` - \`remainders\`[${place}]`, 38)} || ${padded(place, PLACE_DIGITS)}`;
}

/** Half as much after each half-life, on a straight line in between; at least 1. */
function weightOf(element: string, halfLifeMs: number): string {
  const time = `TRY_CAST(SUBSTR(${element}, ${BASIS_DIGITS + 2}, ${TIME_DIGITS}) AS BIGINT)`;
  const age = `(\`orderTime\` - ${whole(LAST_UNIX_MS)} + ${time})`;
  const halvings = `${age} / ${whole(halfLifeMs)}`;
  const full = `CAST(CAST(POWER(2, ${FULL_HALVINGS} - ${halvings}) AS BIGINT) AS DECIMAL(13, 0))`;
  const line = `CAST(${whole(2 * halfLifeMs)} - MOD(${age}, ${whole(halfLifeMs)}) AS DECIMAL(11, 0))`;
  return `CASE WHEN ${halvings} > ${FULL_HALVINGS} THEN CAST(1 AS ${WEIGHT}) ELSE CAST(${full} * ${line} AS ${WEIGHT}) END`;
}
