import { setTimeout as sleep } from 'node:timers/promises';
import { AdtallyError, type ErrorCode } from '../../base/errors.ts';
import type { BudgetAudit } from '../../budget/budget-audit.ts';
import type { RegionClient } from '../../client/region-client.ts';
import type { RecordDigest, RecordHolder, RecordList } from '../../reporting/record-digest.ts';
import { RECORD_KINDS, type RecordKind } from '../../union-load/ports.ts';
import { countOf } from '../table.ts';
import { auditCopy, type CopyAudit, type RecordSource } from './copy-audit.ts';

/** Whether two regions hold the same records, everywhere. */
export interface Convergence {
  readonly exact: boolean;
  /** Of each region and kind of record, the copy in its own reporting store and in that of the other region. */
  readonly copies: readonly CopyAudit[];
  /** What each region says of its ledger; none of one that runs without budgets, or tells them to operators alone. */
  readonly budgets: readonly { readonly region: string; readonly audit: BudgetAudit }[];
}

interface NamedClient {
  readonly name: string;
  readonly client: RegionClient;
}

/** Holds the records of each of two regions against the copies of them. Throws AdtallyError: unreachable, or what they say. */
export async function auditPair(clients: readonly [RegionClient, RegionClient]): Promise<Convergence> {
  const regions = await nameBoth(clients);
  const copies: CopyAudit[] = [];
  for (const owner of regions) {
    for (const kind of RECORD_KINDS) {
      const own = sourceOf(owner.client, 'engine', owner.name, kind);
      for (const { name: at, client } of [owner, ...regions.filter((one) => one !== owner)]) {
        const copy = sourceOf(client, 'reporting', owner.name, kind);
        copies.push(await auditCopy({ region: owner.name, kind, at }, own, copy, (ms) => sleep(ms)));
      }
    }
  }
  const budgets: { region: string; audit: BudgetAudit }[] = [];
  for (const { name, client } of regions) {
    const audit = await askBudget(client, ['not_found', 'forbidden']);
    if (audit !== undefined) budgets.push({ region: name, audit });
  }
  const exact = copies.every((copy) => copy.exact) && budgets.every(({ audit }) => audit.exact);
  return { exact, copies, budgets };
}

async function nameBoth(clients: readonly [RegionClient, RegionClient]): Promise<NamedClient[]> {
  const regions: NamedClient[] = [];
  for (const client of clients) {
    const { region } = await client.get<RecordDigest>('/v1/audit/digest', { to: 1 });
    regions.push({ name: region, client });
  }
  const [first, second] = regions;
  if (first.name === second.name)
    throw new AdtallyError(
      'usage',
      `${first.client.url} and ${second.client.url} are both region ${first.name}; give the addresses of two regions.`,
    );
  return regions;
}

function sourceOf(client: RegionClient, of: RecordHolder, region: string, kind: RecordKind): RecordSource {
  const query = { of, region, kind };
  return {
    digest: (step, range) => client.get<RecordDigest>('/v1/audit/digest', { ...query, ...range, step }),
    records: (range) => client.get<RecordList>('/v1/audit/records', { ...query, ...range }),
  };
}

/** The audit of the region's ledger by itself; undefined where the region answers with one of the codes `without`. */
export async function askBudget(
  client: RegionClient,
  without: readonly ErrorCode[] = ['not_found'],
): Promise<BudgetAudit | undefined> {
  try {
    return await client.get<BudgetAudit>('/v1/audit/budget');
  } catch (error) {
    if (error instanceof AdtallyError && without.includes(error.code)) return undefined;
    throw error;
  }
}

const KIND_WORDS = { 'ad-minutes': 'ad minute', 'attributed-orders': 'attributed order' } as const;

export function describeConvergence({ exact, copies, budgets }: Convergence): string {
  const lines = copies.flatMap((copy) => [
    describeCopy(copy),
    ...copy.differences.map((text) => `  ${text}`),
    ...(copy.wrong > copy.differences.length
      ? [`  and ${copy.wrong - copy.differences.length} more differences`]
      : []),
  ]);
  for (const { region, audit } of budgets) {
    const { recordsEqual, differences } = audit;
    const equal = `${countOf(recordsEqual, 'record')} charged once`;
    lines.push(
      `budget of region ${region}: ${audit.exact ? 'exact' : 'NOT exact'} (${equal})`,
      ...differences,
    );
  }
  if (budgets.length === 0)
    lines.push('The ledgers were not asked for: it takes the key of an operator, and budgets.');
  return [...lines, '', exact ? 'exact' : 'NOT exact'].join('\n');
}

function describeCopy(copy: CopyAudit): string {
  const { region, kind, at, recordsEqual, recordsMoving, isBehind, wrong } = copy;
  const parts = [`${countOf(recordsEqual, KIND_WORDS[kind])} equal`];
  if (recordsMoving > 0) parts.push(`${recordsMoving} changed every time they were looked at`);
  if (wrong > 0) parts.push(countOf(wrong, 'difference'));
  if (isBehind) parts.push('the store has not come so far yet');
  return `region ${region}, in the reporting store of ${at}: ${parts.join(', ')}`;
}
