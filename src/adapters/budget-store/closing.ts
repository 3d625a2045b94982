import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { closingOfRow, type ClosingBigRow, type EntryRow } from './sqlite-rows.ts';
import type { Statements } from './statements.ts';

const SUM_MAX = 2n ** 63n - 1n;

interface Balance {
  readonly account: string;
  readonly counterAccount: string;
  readonly currency: string;
  micros: bigint;
  entries: number;
  until: UnixMs;
}

/**
 * Moves the oldest entries, those posted before `before`, into the closing balances; in a transaction. Both entries of a posting
 * go together. The latest posting stays: the id of the next entry follows from it. Returns how many went.
 */
export function closeOldest(statements: Statements, before: UnixMs, limit: number): number {
  const pairs = Math.max(1, Math.floor(limit / 2));
  const rows = statements.oldestEntries.all(2 * pairs + 2) as unknown as EntryRow[];
  const end = rows.findIndex(({ posted_at: postedAt }) => postedAt >= before);
  const oldest = rows.slice(0, Math.min(end === -1 ? rows.length : end - (end % 2), rows.length - 2));
  if (oldest.length === 0) return 0;
  for (const balance of balancesOf(oldest)) add(statements, balance);
  statements.removeEntriesTo.run(oldest.at(-1)!.id);
  return oldest.length;
}

function balancesOf(rows: readonly EntryRow[]): Iterable<Balance> {
  const balances = new Map<string, Balance>();
  for (const [index, row] of rows.entries()) {
    const { account, currency, amount_micros: micros, posted_at: postedAt } = row;
    // Both sides of a posting follow each other, the campaign's first.
    const { account: counterAccount } = rows[index % 2 === 0 ? index + 1 : index - 1];
    const key = JSON.stringify([currency, account, counterAccount]);
    let balance = balances.get(key);
    if (balance === undefined) {
      balance = { account, counterAccount, currency, micros: 0n, entries: 0, until: postedAt };
      balances.set(key, balance);
    }
    balance.micros += BigInt(micros);
    balance.entries++;
    balance.until = Math.max(balance.until, postedAt);
  }
  return balances.values();
}

function add(statements: Statements, balance: Balance): void {
  const { account, counterAccount, currency, micros, entries, until } = balance;
  const row = statements.closing.get(account, counterAccount, currency);
  const last = row === undefined ? undefined : closingOfRow(row as unknown as ClosingBigRow);
  const sum = (last?.micros ?? 0n) + micros;
  if (sum > SUM_MAX || sum < -SUM_MAX) {
    const detail = `The entries of ${account} sum to ${sum} micros of ${currency}: more than 64 bits hold.`;
    throw new AdtallyError('sum_out_of_range', detail);
  }
  const latest = Math.max(last?.until ?? 0, until);
  statements.putClosing.run(account, counterAccount, currency, sum, (last?.entries ?? 0) + entries, latest);
}
