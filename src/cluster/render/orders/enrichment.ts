import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { VERSION_DIGITS, VERSION_MAX, orderGroupKey } from '../order-versions.ts';
import { once, padded, recordIdOf, whole } from '../sql-text.ts';

/** A text of hex digits in front of details: of two answers for one version it decides, in any order of arrival. */
const HASH_DIGITS = 64;
const ANSWERED = { unavailable: '1', ok: '2' } as const;

/** Whether orders wait for an order service. The jobs never ask it: the enricher does, and its answers come by a topic. */
export function isEnriched({ enrichment }: Pick<PipelineSpec, 'enrichment'>): boolean {
  return enrichment.url !== '';
}

/** The topic of records, whose messages say more where orders are enriched. */
export function ordersKind(spec: Pick<PipelineSpec, 'enrichment'>): 'attributedOrders' | 'enrichedOrders' {
  return isEnriched(spec) ? 'enrichedOrders' : 'attributedOrders';
}

/**
 * Answers of the order service as facts of an order: `answer`, the version that was asked for and what came of it, and `details`,
 * the version and the JSON. The greatest of each stands: `ok` beats `unavailable`, a later version an earlier one.
 */
export function answers(region: string): string {
  const version = padded('`orderVersion`', VERSION_DIGITS);
  return `SELECT ${recordIdOf('`hash`')} AS \`recordId\`, \`orderId\`,
  ${version} || CASE \`status\` WHEN 'ok' THEN '${ANSWERED.ok}' ELSE '${ANSWERED.unavailable}' END AS \`answer\`,
  CASE WHEN \`status\` = 'ok' THEN ${version} || SHA256(\`enrichment\`) || \`enrichment\` END AS \`details\`
FROM (
  SELECT *, ${once(`SHA256(${orderGroupKey(region)})`)} AS \`hash\` FROM \`enrichments\`
  WHERE \`orderId\` IS NOT NULL AND \`orderVersion\` BETWEEN 1 AND ${whole(VERSION_MAX)}
    AND (\`status\` = 'unavailable' OR \`status\` = 'ok' AND \`enrichment\` IS NOT NULL)
)`;
}

/** Columns `enrichment` and `enrichmentStatus` of a record: details of the version before stay until there are new ones. */
export function enrichmentColumns(): string {
  return `CASE WHEN \`isOwn\` THEN SUBSTR(\`details\`, ${VERSION_DIGITS + HASH_DIGITS + 1}) END,
  CASE WHEN NOT \`isOwn\` THEN CAST(NULL AS STRING)
    WHEN ${versionOf('`answer`')} = ${versionOf('`latest`')} THEN
      CASE SUBSTR(\`answer\`, ${VERSION_DIGITS + 1}) WHEN '${ANSWERED.ok}' THEN 'ok' ELSE 'unavailable' END
    ELSE 'pending'
  END`;
}

function versionOf(fact: string): string {
  return `SUBSTR(${fact}, 1, ${VERSION_DIGITS})`;
}
