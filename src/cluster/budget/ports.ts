import type { UnixMs } from '../../base/clock.ts';
import type { Campaign } from '../../budget/campaign.ts';
import type { CampaignDay } from '../../budget/campaign-day.ts';
import type { KnownState } from '../../budget/known-state.ts';
import type { AppliedPage } from '../../budget/ledger.ts';
import type { ClosingBalance, Ledger, SpendRow, StoredEntry } from '../../budget/ports.ts';
import type { PartitionOffsets, KafkaReader, Reading } from '../kafka/ports.ts';

/**
 * The right to charge: one process has it at a time. Every transaction that charges or announces renews it, and commits nothing once
 * another process has taken it, however long the old holder stood still.
 */
export interface Lease {
  /** Grows with every process that takes the lease. */
  readonly epoch: string;
}

/** How far the ledger is with a partition. */
export interface SourcePosition {
  readonly partition: number;
  /** The first offset that is not charged yet. */
  readonly next: bigint;
  /** When the topic was last found to be another one and read from its begin, Unix ms; null when never. */
  readonly restartedAt: UnixMs | null;
}

/** Records of one partition, to be charged together with how far they go. */
export interface ChargedBatch {
  readonly topic: string;
  readonly position: SourcePosition;
  readonly recordIds: readonly string[];
  readonly now: UnixMs;
}

/** The ledger, as whoever charges writes it. Rejects with AdtallyError cluster_unreachable when the database does not answer. */
export interface ChargingStore {
  /** Undefined while another process has it. */
  takeLease(holder: string): Promise<Lease | undefined>;
  /** So that nobody waits for its end. */
  giveBack(lease: Lease): Promise<void>;
  positions(topic: string): Promise<SourcePosition[]>;
  /**
   * Runs `apply` on the charges of the batch's records and keeps what it wrote and the position, in one transaction. Undefined, and
   * nothing kept, when the lease is another process's.
   */
  charge(
    lease: Lease,
    batch: ChargedBatch,
    apply: (ledger: Ledger) => AppliedPage,
  ): Promise<AppliedPage | undefined>;
  /**
   * Looks at campaigns whose state may be another one at `now`, a few hundred at most, and announces those that are, in one
   * transaction. Returns how many were looked at; undefined, and nothing kept, when the lease is another process's.
   */
  look(
    lease: Lease,
    now: UnixMs,
    rules: {
      readonly dayOf: (campaign: Campaign) => CampaignDay;
      readonly stateOf: (campaign: Campaign, spend: readonly SpendRow[]) => KnownState;
    },
  ): Promise<number | undefined>;
  /**
   * Adds the oldest entries, those posted before `before`, to the closing balances of their accounts and removes them; removes
   * announcements that old, too. About `limit` entries; returns how many. Undefined when the lease is another process's.
   */
  closeEntries(lease: Lease, before: UnixMs, limit: number): Promise<number | undefined>;
}

/** A span of a campaign's time, Unix ms, `to` exclusive. */
export interface SpendWindow {
  readonly campaignId: string;
  readonly from: UnixMs;
  readonly to: UnixMs;
}

/** Campaigns and the ledger, as they are asked for. Rejects with AdtallyError cluster_unreachable when the database does not answer. */
export interface CampaignStore {
  /** Keeps what `make` gives for the campaign as it is and how many there are; one at a time. Rejects with what `make` throws. */
  putCampaign(
    campaignId: string,
    make: (seen: Campaign | undefined, held: number) => Campaign,
  ): Promise<Campaign>;
  campaign(campaignId: string): Promise<Campaign | undefined>;
  /** By id. */
  campaignsOf(campaignIds: readonly string[]): Promise<Campaign[]>;
  campaigns(limit: number, after?: string, advertiserId?: string): Promise<Campaign[]>;
  /** Of all windows, oldest minute first. */
  spend(windows: readonly SpendWindow[]): Promise<SpendRow[]>;
  entries(account: string, limit: number, before?: number, counterAccount?: string): Promise<StoredEntry[]>;
  closings(account: string, counterAccount?: string): Promise<ClosingBalance[]>;
  /** The last announcement there is. */
  lastAnnouncement(): Promise<string>;
  /** What was announced after it, oldest first. */
  announcements(after: string, limit: number): Promise<readonly Announcement[]>;
}

export interface Announcement {
  readonly id: string;
  readonly campaignId: string;
}

/** The topic with the records of all regions. */
export interface LoadTopic {
  readonly topic: string;
  offsets(): Promise<PartitionOffsets[]>;
  read(reading: Omit<Reading, 'topics'>): Promise<KafkaReader>;
}
