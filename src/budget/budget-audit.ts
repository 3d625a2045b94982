import type { UnixMs } from '../base/clock.ts';
import { formatTime } from '../model/event-time.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import { advertiserAccount, campaignAccount } from './ledger.ts';
import type { AuditView, BudgetStore, Charge, SpendRow, StoredEntry } from './ports.ts';

/** Most differences that are spelt out; the rest are only counted. */
const DIFFERENCES_MAX = 100;
/** Rows between two turns for others. */
const ROWS_A_TURN = 2000;

/** The records a region holds now. */
export interface HeldRecords {
  /** The oldest minute held, Unix ms; earlier ones have left the region. Infinity when it holds none. */
  from(): UnixMs;
  /** Every record by minute, oldest first. Whoever pauses between two of them may get records that have changed since. */
  byMinute(): Iterable<MinuteRecords>;
  /** The records of a minute as they are now. */
  records(minute: UnixMs): readonly AdMinute[];
}

export interface MinuteRecords {
  readonly minute: UnixMs;
  readonly records: readonly AdMinute[];
}

export interface BudgetAudit {
  /** Nothing differs. */
  readonly exact: boolean;
  readonly entries: number;
  readonly charges: number;
  /** Charges equal to a record that the region holds. */
  readonly recordsEqual: number;
  /** Records of a newer revision than was charged: the feed has yet to bring them. 0 while a region runs. */
  readonly recordsWaiting: number;
  /** The oldest minute the region holds, Unix ms: earlier charges are held against the ledger only. Null when it holds none. */
  readonly comparedFrom: UnixMs | null;
  readonly differenceCount: number;
  /** In plain words; the first of them. */
  readonly differences: readonly string[];
}

export interface AuditOptions {
  readonly store: Pick<BudgetStore, 'openAuditView' | 'chargesOf' | 'spendOf' | 'chargedMinutes'>;
  readonly held: HeldRecords;
  /** Brings the store up to the records before a minute is looked at; nothing where neither changes. */
  readonly catchUp: () => void;
  readonly turn: () => Promise<void>;
}

class Findings {
  count = 0;
  readonly texts: string[] = [];

  note(text: string): void {
    this.count++;
    if (this.texts.length < DIFFERENCES_MAX) this.texts.push(text);
  }

  take(other: Findings): void {
    this.count += other.count;
    this.texts.push(...other.texts.slice(0, DIFFERENCES_MAX - this.texts.length));
  }
}

/** Proves the ledger: every entry has its counter-entry, entries sum to charges and spend, and charges are the region's records. */
export async function auditBudget({ store, held, catchUp, turn }: AuditOptions): Promise<BudgetAudit> {
  const findings = new Findings();
  const view = store.openAuditView();
  let sizes: { entries: number; charges: number };
  try {
    sizes = await auditLedger(view, findings, turn);
  } finally {
    view.close();
  }
  const comparedFrom = held.from();
  let [recordsEqual, recordsWaiting] = [0, 0];
  const look = async (minute: UnixMs, records: readonly AdMinute[]): Promise<void> => {
    catchUp();
    let seen = lookAt(minute, records, store);
    // Others had their turn since the records were read: only what stays so is wrong, or waits.
    if (seen.findings.count + seen.waiting > 0) seen = lookAt(minute, held.records(minute), store);
    // A minute that left the region meanwhile cannot be compared any more.
    if (seen.findings.count > 0 && minute < held.from()) return;
    findings.take(seen.findings);
    recordsEqual += seen.equal;
    recordsWaiting += seen.waiting;
    await turn();
  };
  const done = new Set<UnixMs>();
  for (const { minute, records } of held.byMinute()) {
    await look(minute, records);
    done.add(minute);
  }
  for (const minute of store.chargedMinutes(Math.min(comparedFrom, Number.MAX_SAFE_INTEGER))) {
    if (!done.has(minute)) await look(minute, held.records(minute));
  }
  return {
    exact: findings.count === 0,
    ...sizes,
    recordsEqual,
    recordsWaiting,
    comparedFrom: Number.isFinite(comparedFrom) ? comparedFrom : null,
    differenceCount: findings.count,
    differences: findings.texts,
  };
}

/** The ledger against itself: entries in pairs, entries against charges, charges against spend; per account and currency. */
async function auditLedger(
  view: AuditView,
  findings: Findings,
  turn: () => Promise<void>,
): Promise<{ entries: number; charges: number }> {
  const posted = new Balances();
  const charged = new Balances();
  const spent = new Balances();
  let entries = 0;
  let charges = 0;
  let open: StoredEntry | undefined;
  for (const entry of view.entries()) {
    posted.add(entry.account, entry.currency, BigInt(entry.amountMicros));
    // Both sides of a posting are written one after the other.
    if (open === undefined) open = entry;
    else {
      if (!isCounterEntry(open, entry)) findings.note(`Entry ${open.id} has no counter-entry.`);
      open = isCounterEntry(open, entry) ? undefined : entry;
    }
    if (++entries % ROWS_A_TURN === 0) await turn();
  }
  if (open !== undefined) findings.note(`Entry ${open.id} has no counter-entry.`);
  for (const { campaignId, advertiserId, currency, micros } of view.charges()) {
    charged.add(campaignAccount(campaignId), currency, BigInt(micros));
    charged.add(advertiserAccount(advertiserId), currency, -BigInt(micros));
    if (++charges % ROWS_A_TURN === 0) await turn();
  }
  let rows = 0;
  for (const { campaignId, currency, micros } of view.spend()) {
    spent.add(campaignAccount(campaignId), currency, micros);
    if (++rows % ROWS_A_TURN === 0) await turn();
  }
  posted.compare(charged, 'entries', 'charges', findings);
  spent.compare(charged.onlyCampaigns(), 'spend', 'charges', findings);
  return { entries, charges };
}

function isCounterEntry(a: StoredEntry, b: StoredEntry): boolean {
  return (
    a.recordId === b.recordId &&
    a.revision === b.revision &&
    a.currency === b.currency &&
    a.minute === b.minute &&
    a.amountMicros === -b.amountMicros &&
    a.account.startsWith('campaign:') &&
    b.account.startsWith('advertiser:')
  );
}

/** Exact sums by account and currency. */
class Balances {
  readonly #sums = new Map<string, bigint>();

  add(account: string, currency: string, micros: bigint): void {
    const key = `${currency} ${account}`;
    this.#sums.set(key, (this.#sums.get(key) ?? 0n) + micros);
  }

  onlyCampaigns(): Balances {
    const only = new Balances();
    for (const [key, micros] of this.#sums)
      if (key.slice(4).startsWith('campaign:')) only.#sums.set(key, micros);
    return only;
  }

  compare(other: Balances, name: string, otherName: string, findings: Findings): void {
    for (const key of new Set([...this.#sums.keys(), ...other.#sums.keys()])) {
      const [left, right] = [this.#sums.get(key) ?? 0n, other.#sums.get(key) ?? 0n];
      if (left === right) continue;
      findings.note(
        `${key.slice(4)} in ${key.slice(0, 3)}: ${name} sum to ${left}, ${otherName} to ${right} micros.`,
      );
    }
  }
}

interface MinuteLook {
  readonly equal: number;
  readonly waiting: number;
  readonly findings: Findings;
}

/** The charges of a minute against the region's records of it, and what days are summed from against the charges. */
function lookAt(minute: UnixMs, records: readonly AdMinute[], store: AuditOptions['store']): MinuteLook {
  const findings = new Findings();
  const charges = store.chargesOf(minute);
  compareSpend(charges, store.spendOf(minute), minute, findings);
  return { ...compareMinute(records, charges, findings), findings };
}

/** Charges of a minute against the region's records of it. */
function compareMinute(
  records: readonly AdMinute[],
  charges: readonly Charge[],
  findings: Findings,
): { readonly equal: number; readonly waiting: number } {
  const byId = new Map(charges.map((charge) => [charge.recordId, charge]));
  let [equal, waiting] = [0, 0];
  for (const record of records) {
    const charge = byId.get(record.recordId);
    byId.delete(record.recordId);
    if (charge === undefined || charge.revision < record.revision) waiting++;
    else if (isCharged(record, charge)) equal++;
    else findings.note(describe(record, charge));
  }
  for (const charge of byId.values()) {
    findings.note(
      `Record ${charge.recordId} at ${formatTime(charge.minute)} is charged, but the region has none.`,
    );
  }
  return { equal, waiting };
}

function isCharged(record: AdMinute, charge: Charge): boolean {
  return (
    record.revision === charge.revision &&
    record.costMicros === charge.micros &&
    record.campaignId === charge.campaignId &&
    record.advertiserId === charge.advertiserId &&
    record.currency === charge.currency
  );
}

function describe(record: AdMinute, charge: Charge): string {
  const what = `Ad ${record.adId} at ${formatTime(record.minute)}`;
  return `${what}: charged ${describeSide(charge, charge.micros)}; the record has ${describeSide(record, record.costMicros)}.`;
}

function describeSide(
  { currency, campaignId, advertiserId, revision }: AdMinute | Charge,
  micros: number,
): string {
  return `${micros} micros of ${currency} for ${campaignId} of ${advertiserId} at revision ${revision}`;
}

/** What days are summed from against what it was summed from. */
function compareSpend(
  charges: readonly Charge[],
  spend: readonly SpendRow[],
  minute: UnixMs,
  findings: Findings,
): void {
  const charged = new Balances();
  const spent = new Balances();
  for (const { campaignId, currency, micros } of charges) charged.add(campaignId, currency, BigInt(micros));
  for (const { campaignId, currency, micros } of spend) spent.add(campaignId, currency, micros);
  spent.compare(charged, `spend at ${formatTime(minute)}`, 'charges', findings);
}
