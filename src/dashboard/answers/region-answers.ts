import type { UnixMs } from '../../base/clock.ts';

/** A region of the demo, as its supervisor sees it. */
export interface DemoRegion {
  readonly region: string;
  readonly url: string;
  /** `down`: it died and comes back by itself; `killed`: somebody asked for that. */
  readonly state: 'starting' | 'up' | 'down' | 'killed' | 'stopping';
  /** When it is started again; null where nothing is planned. */
  readonly restartAt: UnixMs | null;
}

/** Answer of `GET /v1/demo`; no regions where this is no demo. */
export interface DemoAnswer {
  readonly regions: readonly DemoRegion[];
}

/** How a store follows the records of a region. */
export interface FeedStatus {
  readonly region: string;
  readonly caughtUp: boolean;
  /** How long there may have been something to take in; null while that is not known. */
  readonly lagMs: number | null;
  readonly error: string | null;
}

/** Answer of `GET /v1/stores`; null for a store that the region runs without. */
export interface StoresAnswer {
  readonly reporting: StoreStatus | null;
  readonly warehouse: StoreStatus | null;
}

export interface StoreStatus {
  readonly state: 'starting' | 'running' | 'failing' | 'closed';
  readonly error: string | null;
  readonly feeds: readonly (FeedStatus & {
    readonly kind: string;
    readonly sink: string;
    /** Taken in since the start. */
    readonly records: number;
  })[];
}

/** What `GET /v1/budgets` says of the ledger. */
export interface BudgetFeeds {
  readonly feeds: readonly (FeedStatus & { readonly state: string; readonly charged: number })[];
}
