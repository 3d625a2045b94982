import { AdtallyError } from '../../base/errors.ts';
import { CREATE_DATABASE, DIGEST_PROPERTY, HIVE_DATABASE, type HiveObject } from './hive-objects.ts';
import type { HiveSession } from './ports.ts';

export interface HiveStep {
  readonly action: 'create' | 'replace';
  readonly kind: 'database' | HiveObject['kind'];
  readonly name: string;
  readonly statements: readonly string[];
}

/** What differs from the tables and views wanted, in the order in which it can be made; nothing when all is there. */
export async function hiveSteps(
  hive: HiveSession,
  wanted: readonly HiveObject[],
): Promise<readonly HiveStep[]> {
  const isThere = (await firstColumn(hive, `SHOW DATABASES LIKE '${HIVE_DATABASE}'`)).length > 0;
  const there = new Set(isThere ? await firstColumn(hive, `SHOW TABLES IN ${HIVE_DATABASE}`) : []);
  const steps: HiveStep[] = [];
  if (!isThere)
    steps.push({ action: 'create', kind: 'database', name: HIVE_DATABASE, statements: [CREATE_DATABASE] });
  for (const { kind, name, digest, statements } of wanted) {
    const isKnown = there.has(name.slice(HIVE_DATABASE.length + 1));
    if (isKnown && (await digestIn(hive, name)) === digest) continue;
    steps.push({ action: isKnown ? 'replace' : 'create', kind, name, statements });
  }
  return steps;
}

/**
 * Brings Hive to the tables and views wanted, and says what it did: nothing, the second time. Files are left alone. Rejects with
 * AdtallyError: store_failed, cluster_unreachable.
 */
export async function applyHive(
  hive: HiveSession,
  wanted: readonly HiveObject[],
): Promise<readonly HiveStep[]> {
  const steps = await hiveSteps(hive, wanted);
  for (const step of steps) await carryOut(hive, step);
  return steps;
}

async function carryOut(hive: HiveSession, { kind, name, statements }: HiveStep): Promise<void> {
  try {
    for (const statement of statements) await hive.run(statement);
  } catch (error) {
    if (!(error instanceof AdtallyError) || error.code !== 'bad_query') throw error;
    throw new AdtallyError('store_failed', `Hive does not make the ${kind} ${name}: ${error.message}`, {
      cause: error,
    });
  }
}

/** Of one that somebody else made it is null. */
async function digestIn(hive: HiveSession, name: string): Promise<unknown> {
  const { rows } = await hive.run(`SHOW TBLPROPERTIES ${name}('${DIGEST_PROPERTY}')`);
  return rows[0]?.[1] ?? null;
}

async function firstColumn(hive: HiveSession, statement: string): Promise<string[]> {
  const { rows } = await hive.run(statement);
  return rows.map(([first]) => first as string);
}
