import { LAST_UNIX_MS } from '../../../model/event-time.ts';
import { longestWindowMs, type AttributionRules } from '../../../pipeline/attribution.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { stateTtlMs } from '../../cluster-plan.ts';
import { SEPARATOR, name, padded, sortable, text, whole } from '../sql-text.ts';

/** Counted events. Of one that both regions have counted the first region's stands before the other's: see candidate. */
export function touches({ regions }: PipelineSpec, region: string): string {
  const places = regions.map((one, place) => `WHEN ${text(one)} THEN '${place}'`).join(' ');
  return `SELECT \`eventId\`, \`eventType\`, \`eventTime\`, \`adId\`, \`campaignId\`, \`advertiserId\`, \`userId\`, \`merchantId\`,
  CASE COALESCE(\`region\`, ${text(region)}) ${places} END AS \`place\`
FROM \`clean\` WHERE \`sign\` = 1 AND \`userId\` IS NOT NULL`;
}

/** How well a touch does; the least is the best. `click` and `view` may have the credit, the others tell why there is none. */
export const GRADE = { click: 1, view: 2, otherMerchant: 3, outsideWindow: 4, afterOrder: 5 } as const;
/** Where the parts of a candidate stand. */
export const CANDIDATE = { eventId: 1, place: 2, adId: 3, campaignId: 4, advertiserId: 5, basis: 6 } as const;
export const TIME_DIGITS = 15;

/** A row for each order of `orders` and touch of its user that may matter to it. */
export function pairs(spec: PipelineSpec, rules: AttributionRules, orders: string): string {
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
FROM ${name(orders)} AS \`o\` JOIN (SELECT * FROM \`touches\` WHERE \`eventType\` = '${type}') AS \`t\`
ON \`o\`.\`userId\` = \`t\`.\`userId\` AND \`t\`.\`eventTime\` >= \`o\`.\`orderTime\` - ${whole(longest)} AND \`t\`.\`eventTime\` <= \`o\`.\`orderTime\` + ${whole(rules.viewWindowMs)}`;
  };
  return `${side('click', rules.clickWindowMs)}\nUNION ALL\n${side('impression', rules.viewWindowMs)}`;
}

/** The latest touch first, then the least event id, then the first region. */
export const CANDIDATE_TEXT = [
  `\`grade\` || ${padded(`${whole(LAST_UNIX_MS)} - \`eventTime\``, TIME_DIGITS)}`,
  sortable('`eventId`'),
  '`place`',
  '`adId`',
  '`campaignId`',
  '`advertiserId`',
].join(` || ${SEPARATOR} || `);
