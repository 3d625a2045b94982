import type { UnixMs } from '../base/clock.ts';
import { formatTime } from '../model/event-time.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import { Balances, Findings, describeDifference, isCharged } from './audit-findings.ts';
import { advertiserAccount, campaignAccount } from './ledger.ts';
import { auditPeer, type PeerAudit } from './peer/peer-audit.ts';
import type { AuditView, BudgetStore, Charge, SpendRow, StoredEntry } from './ports.ts';
import type { RecordFeed } from '../union-load/ports.ts';

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
  /** Entries that are kept; those that are closed are in their accounts' closing balances. */
  readonly entries: number;
  readonly charges: number;
  /** Charges equal to a record that the region holds. */
  readonly recordsEqual: number;
  /** Records of a newer revision than was charged: the feed has yet to bring them. 0 while a region runs. */
  readonly recordsWaiting: number;
  /** The oldest minute the region holds, Unix ms: earlier charges are held against the ledger only. Null when it holds none. */
  readonly comparedFrom: UnixMs | null;
  /** The other region's charges, where there are any or there is one. */
  readonly peers: readonly PeerAudit[];
  readonly differenceCount: number;
  /** In plain words; the first of them. */
  readonly differences: readonly string[];
}

export interface AuditOptions {
  readonly store: Pick<BudgetStore, 'openAuditView' | 'chargesOf' | 'spendOf' | 'chargedMinutes' | 'charge'>;
  /** Whose records `held` are. */
  readonly region: string;
  readonly held: HeldRecords;
  /** The other region's records, where they can be had. */
  readonly peer?: RecordFeed<'ad-minutes'> | undefined;
  /** Brings the store up to the records before a minute is looked at; nothing where neither changes. */
  readonly catchUp: () => void;
  readonly turn: () => Promise<void>;
}

/** Proves the ledger: every entry has its counter-entry, entries sum to charges and spend, and charges are the records of their regions. */
export async function auditBudget(options: AuditOptions): Promise<BudgetAudit> {
  const { store, region, held, peer, catchUp, turn } = options;
  const findings = new Findings();
  const view = store.openAuditView();
  let sizes: LedgerSizes;
  try {
    sizes = await auditLedger(view, findings, turn);
  } finally {
    view.close();
  }
  const comparedFrom = held.from();
  let [recordsEqual, recordsWaiting] = [0, 0];
  const look = async (minute: UnixMs, records: readonly AdMinute[]): Promise<void> => {
    catchUp();
    let seen = lookAt(minute, records, options);
    // Others had their turn since the records were read: only what stays so is wrong, or waits.
    if (seen.findings.count + seen.waiting > 0) seen = lookAt(minute, held.records(minute), options);
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
  const peers: PeerAudit[] = [];
  const others = new Set([...sizes.chargesOf.keys(), ...(peer === undefined ? [] : [peer.id.region])]);
  for (const other of others) {
    if (other === region) continue;
    const feed = peer?.id.region === other ? peer : undefined;
    peers.push(await auditPeer(other, { store, feed, findings, turn }));
  }
  return {
    exact: findings.count === 0,
    entries: sizes.entries,
    charges: sizes.charges,
    recordsEqual,
    recordsWaiting,
    peers,
    comparedFrom: Number.isFinite(comparedFrom) ? comparedFrom : null,
    differenceCount: findings.count,
    differences: findings.texts,
  };
}

interface LedgerSizes {
  readonly entries: number;
  readonly charges: number;
  /** Charges by region. */
  readonly chargesOf: ReadonlyMap<string, number>;
}

/** The ledger against itself: entries in pairs, entries and closing balances against charges, charges against spend; per account and currency. */
async function auditLedger(
  view: AuditView,
  findings: Findings,
  turn: () => Promise<void>,
): Promise<LedgerSizes> {
  const posted = new Balances();
  const charged = new Balances();
  const spent = new Balances();
  const chargesOf = new Map<string, number>();
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
  for (const { account, currency, micros } of view.closings()) posted.add(account, currency, micros);
  for (const { region, campaignId, advertiserId, currency, micros } of view.charges()) {
    chargesOf.set(region, (chargesOf.get(region) ?? 0) + 1);
    charged.add(campaignAccount(campaignId), currency, BigInt(micros));
    charged.add(advertiserAccount(advertiserId), currency, -BigInt(micros));
    if (++charges % ROWS_A_TURN === 0) await turn();
  }
  let rows = 0;
  for (const { campaignId, currency, micros } of view.spend()) {
    spent.add(campaignAccount(campaignId), currency, micros);
    if (++rows % ROWS_A_TURN === 0) await turn();
  }
  posted.compare(charged, 'entries and closing balances', 'charges', findings);
  spent.compare(charged.onlyCampaigns(), 'spend', 'charges', findings);
  return { entries, charges, chargesOf };
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

interface MinuteLook {
  readonly equal: number;
  readonly waiting: number;
  readonly findings: Findings;
}

/** The charges of a minute against the region's records of it, and what days are summed from against the charges. */
function lookAt(
  minute: UnixMs,
  records: readonly AdMinute[],
  { store, region }: Pick<AuditOptions, 'store' | 'region'>,
): MinuteLook {
  const findings = new Findings();
  const charges = store.chargesOf(minute);
  compareSpend(charges, store.spendOf(minute), minute, findings);
  // The other region's are looked at on their own; what days are summed from is of both.
  const own = charges.filter((charge) => charge.region === region);
  return { ...compareMinute(records, own, findings), findings };
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
    else findings.note(describeDifference(record, charge));
  }
  for (const charge of byId.values()) {
    findings.note(
      `Record ${charge.recordId} at ${formatTime(charge.minute)} is charged, but the region has none.`,
    );
  }
  return { equal, waiting };
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
