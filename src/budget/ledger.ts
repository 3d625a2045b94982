import type { UnixMs } from '../base/clock.ts';
import type { AdMinute } from '../model/ad-minute.ts';
import type { Charge, Ledger } from './ports.ts';

export const campaignAccount = (campaignId: string): string => `campaign:${campaignId}`;
export const advertiserAccount = (advertiserId: string): string => `advertiser:${advertiserId}`;

/** What is charged of an ad minute. */
export type ChargedMinute = Omit<AdMinute, 'adId' | 'impressions' | 'clicks'>;

/** What a page did to the ledger. */
export interface AppliedPage {
  /** Records that had a revision not charged before. */
  readonly charged: number;
  /** Why records were refused that are not of the feed's region, one each. */
  readonly refused: readonly string[];
  /** Campaigns whose spend has changed. */
  readonly campaigns: ReadonlySet<string>;
}

/** An amount for the pair of accounts that `charge` names; never 0. */
interface Posting {
  readonly charge: Charge;
  readonly micros: number;
}

/**
 * Charges the records of a page, whatever came before: a record is charged the difference to what it was last charged, and a
 * revision that is not higher than the last one changes nothing. So pages may repeat, come again from the beginning, skip
 * revisions or be applied twice. Only records of `region`, whose feed it is, are charged. Runs inside a transaction, together with
 * whatever keeps the cursor.
 */
export function applyPage(
  writes: Ledger,
  region: string,
  { records }: { readonly records: readonly ChargedMinute[] },
  now: UnixMs,
): AppliedPage {
  const spend = new SpendChanges();
  const refused: string[] = [];
  let charged = 0;
  for (const record of records) {
    const last = writes.charge(record.recordId);
    if (record.region !== region || (last !== undefined && last.region !== region)) {
      refused.push(describeStranger(record, last, region));
      continue;
    }
    if (last !== undefined && record.revision <= last.revision) continue;
    const next = chargeOf(record);
    for (const posting of postingsOf(last, next)) {
      post(writes, posting, next.revision, now);
      spend.add(posting);
    }
    writes.putCharge(next);
    charged++;
  }
  for (const { campaignId, minute, currency, micros } of spend.rows()) {
    if (micros !== 0n) writes.addSpend(campaignId, minute, currency, micros);
  }
  return { charged, refused, campaigns: spend.campaigns };
}

function chargeOf(record: ChargedMinute): Charge {
  const { recordId, revision, region, campaignId, advertiserId, currency, minute } = record;
  return {
    recordId,
    revision,
    region,
    campaignId,
    advertiserId,
    currency,
    minute,
    micros: record.costMicros,
  };
}

function describeStranger(record: ChargedMinute, last: Charge | undefined, region: string): string {
  const whose =
    record.region === region ? `was charged to region ${last!.region}` : `is of region ${record.region}`;
  return `Record ${record.recordId} in the feed of region ${region} ${whose}.`;
}

/** The difference between two charges of a record. One that moved is credited in full where it was and charged in full where it is. */
function postingsOf(last: Charge | undefined, next: Charge): Posting[] {
  const postings =
    last === undefined || isSamePlace(last, next)
      ? [{ charge: next, micros: next.micros - (last?.micros ?? 0) }]
      : [
          { charge: last, micros: -last.micros },
          { charge: next, micros: next.micros },
        ];
  return postings.filter(({ micros }) => micros !== 0);
}

function isSamePlace(a: Charge, b: Charge): boolean {
  return (
    a.campaignId === b.campaignId &&
    a.advertiserId === b.advertiserId &&
    a.currency === b.currency &&
    a.minute === b.minute
  );
}

/** Both sides of the posting: the campaign has spent, the advertiser owes. */
function post(writes: Ledger, { charge, micros }: Posting, revision: number, postedAt: UnixMs): void {
  const { recordId, campaignId, advertiserId, currency, minute } = charge;
  const side = { recordId, revision, currency, minute, postedAt };
  writes.addEntry({ ...side, account: campaignAccount(campaignId), amountMicros: micros });
  writes.addEntry({ ...side, account: advertiserAccount(advertiserId), amountMicros: -micros });
}

/** What a page adds to the spend of each campaign's minutes: a thousand records share a few. */
class SpendChanges {
  readonly campaigns = new Set<string>();
  readonly #rows = new Map<
    string,
    { campaignId: string; minute: UnixMs; currency: string; micros: bigint }
  >();

  add({ charge: { campaignId, minute, currency }, micros }: Posting): void {
    // Currency and minute have no space in them, so no two keys are the same text.
    const key = `${currency} ${minute} ${campaignId}`;
    const row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, { campaignId, minute, currency, micros: BigInt(micros) });
    else row.micros += BigInt(micros);
    this.campaigns.add(campaignId);
  }

  rows(): Iterable<{ campaignId: string; minute: UnixMs; currency: string; micros: bigint }> {
    return this.#rows.values();
  }
}
