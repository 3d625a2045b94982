import { AdtallyError } from '../../base/errors.ts';
import type { SqlAnswer } from '../../reporting/sql-answer.ts';
import { REFRESH } from './hive-objects.ts';
import type { HiveSession } from './ports.ts';

/** What is not code: texts, quoted names and comments. */
const QUOTED = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`(?:[^`]|``)*`|--[^\r\n]*|\/\*[\s\S]*?\*\//g;
/** In capitals, as Hive reads it: there are letters besides those of ASCII that have one of these for a capital. */
const READING = /^\(*\s*(?:EXPLAIN\s+(?:(?:EXTENDED|FORMATTED|CBO|DEPENDENCY)\s+)?\(*\s*)?(?:SELECT|WITH)\b/;
const TELLING = /^(?:SHOW|DESCRIBE|DESC)\b/;
/** An insert may stand behind WITH; scripts and functions of Java may do anything. */
const WRITING = /\bINSERT\b|\b(?:TRANSFORM|REFLECT2?|JAVA_METHOD|IN_FILE)\s*\(|\bUSING\s*''/;

/**
 * Runs one statement that reads, over all that is in the folders now. Rejects with AdtallyError: bad_query for another, not_found before
 * the warehouse was made, and what the session rejects with.
 */
export async function readHive(hive: HiveSession, sql: string): Promise<SqlAnswer> {
  const statement = readingStatement(sql);
  await refresh(hive);
  return hive.run(statement);
}

/** One statement, its ";" taken off, that changes nothing. Throws AdtallyError bad_query. */
export function readingStatement(sql: string): string {
  const statement = sql.trim().replace(/[;\s]+$/, '');
  // What is left of a text is that there is one.
  const code = statement
    .replaceAll(QUOTED, (quoted) => (/^['"]/.test(quoted) ? "''" : ' '))
    .trim()
    .toUpperCase();
  if (!READING.test(code) && !TELLING.test(code)) {
    const [first = ''] = /^\w*/.exec(code) ?? [];
    const begin = first === '' ? 'The query is empty' : `The query begins with "${first}"`;
    throw new AdtallyError('bad_query', `${begin}; it must be a SELECT, WITH, DESCRIBE, SHOW or EXPLAIN.`);
  }
  const writing = WRITING.exec(code);
  if (writing !== null && !TELLING.test(code))
    throw new AdtallyError('bad_query', `A query may only read: it has ${writing[0]}.`);
  if (code.includes(';'))
    throw new AdtallyError('bad_query', 'There is a ";" within; one statement is run at a time.');
  return statement;
}

async function refresh(hive: HiveSession): Promise<void> {
  try {
    for (const statement of REFRESH) await hive.run(statement);
  } catch (error) {
    if (!(error instanceof AdtallyError) || error.code !== 'bad_query') throw error;
    throw new AdtallyError(
      'not_found',
      `The warehouse is not in Hive as it is to be (${error.message}): run "adtally cluster apply".`,
      { cause: error },
    );
  }
}
