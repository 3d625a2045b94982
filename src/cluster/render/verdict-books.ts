import { MINUTE_MS } from '../../base/units.ts';
import { text, whole } from './sql-text.ts';

/**
 * How many messages of `rows` (arrival, verdict, code) arrived in each minute, by verdict and code. The key is one text: a
 * constant among several columns of a key would have every update preceded by a deletion.
 */
export function countedBooks(region: string, kind: 'event' | 'order', rows: string): string {
  const before = text(`{"region":${JSON.stringify(region)},"kind":"${kind}","minute":`);
  const book = `${before} || CAST(\`minute\` AS STRING) || ',"verdict":"' || \`verdict\` || '","code":"' || \`code\` || '"}'`;
  return `SELECT \`book\`, ${text(region)}, '${kind}', MAX(\`minute\`), MAX(\`verdict\`), MAX(\`code\`), COUNT(*)
FROM (
  SELECT ${book} AS \`book\`, \`minute\`, \`verdict\`, \`code\`
  FROM (
    SELECT \`arrival\` - MOD(\`arrival\`, ${whole(MINUTE_MS)}) AS \`minute\`, \`verdict\`, \`code\` FROM \`${rows}\`
  )
)
GROUP BY \`book\``;
}
