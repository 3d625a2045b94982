/** What the records of a region and day (UTC, by their minutes) were last charged, in one currency. */
export interface DaySum {
  readonly region: string;
  /** `2026-01-31`. */
  readonly day: string;
  readonly currency: string;
  readonly records: number;
  readonly chargedMicros: bigint;
}

/** One campaign and currency in the three books of the ledger: the same amount three times, or the ledger is wrong. */
export interface CampaignSum {
  readonly campaignId: string;
  readonly currency: string;
  /** What its records were last charged. */
  readonly chargedMicros: bigint;
  /** What was posted to its account: entries and closing balances. */
  readonly postedMicros: bigint;
  /** What its budgets are summed from. */
  readonly spentMicros: bigint;
}

/** Sums of the whole ledger, all of one instant. */
export interface LedgerSums {
  /** By region, day and currency. */
  readonly days: readonly DaySum[];
  /** By campaign and currency. */
  readonly campaigns: readonly CampaignSum[];
  /** Entries and closing balances of all accounts by currency: every posting has two sides, so each is 0. */
  readonly balances: Readonly<Record<string, bigint>>;
}

/** The ledger, as an audit sums it up. Rejects with AdtallyError cluster_unreachable when the database does not answer. */
export interface LedgerSumsReader {
  read(): Promise<LedgerSums>;
}

/** Campaigns whose three books differ. */
export function unequalCampaigns({ campaigns }: LedgerSums): CampaignSum[] {
  return campaigns.filter(
    ({ chargedMicros, postedMicros, spentMicros }) =>
      chargedMicros !== postedMicros || chargedMicros !== spentMicros,
  );
}
