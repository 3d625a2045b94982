import type { Clock, UnixMs } from '../../base/clock.ts';
import { pause } from '../../base/pause.ts';
import { DAY_MS, SECOND_MS } from '../../base/units.ts';
import { CampaignDays } from '../../budget/campaign-day.ts';
import { knownState } from '../../budget/known-state.ts';
import type { FeedStatus } from '../../budget/peer/peer-follower.ts';
import type { ReceivedMessage } from '../kafka/ports.ts';
import { applyLoadRecords, readLoadRecords } from './load-records.ts';
import type { ChargingStore, Lease, LoadTopic, SourcePosition } from './ports.ts';
import { resumePoints } from './resume-point.ts';

/** Records charged in one transaction. */
const BATCH_RECORDS = 1000;
/** How often states are looked at and the lease is renewed, and so how late the news of a state may be. */
const LOOK_EVERY_MS = SECOND_MS / 2;
/** How often one who stands by tries to take over. */
const TRY_EVERY_MS = SECOND_MS;
const BACKOFF_MS_MAX = 5 * SECOND_MS;
const CLOSE_ENTRIES = 5000;
/** Older than this, what was last charged says nothing of the present. */
const RECENT_MS = 10 * SECOND_MS;

export interface ChargerOptions {
  readonly store: ChargingStore;
  readonly source: LoadTopic;
  /** The region whose load topic it is. */
  readonly region: string;
  /** Whose records may be charged. */
  readonly regions: readonly string[];
  /** Names this process to people. */
  readonly holder: string;
  /** How long entries are kept, ms: whole days. */
  readonly retentionMs: number;
  readonly clock: Clock;
}

/**
 * Charges the records of the load topic for as long as this process has the lease, and stands by otherwise. Whatever fails, and
 * whenever it dies: what is charged and how far the topic is charged are kept together, so it or another process goes on from there.
 */
export class Charger {
  readonly #options: ChargerOptions;
  readonly #days = new CampaignDays();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #term: Term | undefined;
  #error: Error | undefined;
  #restartedAt: UnixMs | null = null;
  #charged = 0;
  #refused = 0;
  #refusal: string | null = null;
  #last: { readonly at: UnixMs; readonly delayMs: number } | undefined;
  /** Entries posted before this time have been closed, Unix ms. */
  #closedBefore: UnixMs = -Infinity;

  constructor(options: ChargerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Whether it is this process that charges. */
  get isCharging(): boolean {
    return this.#term !== undefined;
  }

  /** What this process has done since its start; one that stands by has charged nothing lately. */
  status(): FeedStatus {
    const last = this.#last;
    const isRecent = last !== undefined && this.#options.clock.now() - last.at < RECENT_MS;
    const state = this.#stop.signal.aborted ? 'closed' : this.#error === undefined ? 'running' : 'failing';
    return {
      region: this.#options.region,
      state,
      error: this.#error?.message ?? null,
      caughtUp: state === 'running' && (!isRecent || last.delayMs < RECENT_MS),
      lagMs: isRecent ? last.delayMs : 0,
      cursorKeptAt: last?.at ?? null,
      restartedAt: this.#restartedAt,
      charged: this.#charged,
      refused: this.#refused,
      refusal: this.#refusal,
    };
  }

  /** Resolves when the batch under way is kept and the lease is free for others. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#term?.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, holder } = this.#options;
    let backoffMs = TRY_EVERY_MS / 4;
    while (!this.#stop.signal.aborted) {
      try {
        const lease = await store.takeLease(holder);
        this.#error = undefined;
        if (lease === undefined) await pause(this.#options.clock, TRY_EVERY_MS, this.#stop.signal);
        else await this.#charge(lease);
        backoffMs = TRY_EVERY_MS / 4;
      } catch (error) {
        this.#error = error instanceof Error ? error : new Error(String(error));
        await pause(this.#options.clock, backoffMs, this.#stop.signal);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      }
    }
  }

  /** Until the lease is lost, something fails or it is to stop. */
  async #charge(lease: Lease): Promise<void> {
    const { store, source, clock } = this.#options;
    const term = new Term(lease);
    this.#term = term;
    try {
      // Some states change by time alone, also while Kafka is away.
      await this.#look(term);
      const now = clock.now();
      const points = resumePoints(await store.positions(source.topic), await source.offsets(), now);
      if (points.some(({ restartedAt }) => restartedAt === now)) this.#restartedAt = now;
      const positions = new Map(points.map((position) => [position.partition, position]));
      const reader = await source.read({
        from: points.map(({ partition, next }) => ({ topic: source.topic, partition, offset: next })),
        take: (messages) => this.#take(messages, positions, term),
        onFailure: (error) => term.fail(error),
      });
      try {
        while (!term.isOver && !this.#stop.signal.aborted) {
          if ((await this.#look(term)) === 0) await term.rest(clock, LOOK_EVERY_MS);
        }
      } finally {
        await reader.close();
      }
      term.throwFailure();
    } finally {
      this.#term = undefined;
      // Another process may reach what this one does not; and where the database is gone the lease ends by itself.
      if (!term.isLost) await store.giveBack(lease).catch(() => undefined);
    }
  }

  /** Never rejects: the reader would bring the same messages again. */
  async #take(
    messages: readonly ReceivedMessage[],
    positions: Map<number, SourcePosition>,
    term: Term,
  ): Promise<void> {
    try {
      for (
        let at = 0;
        at < messages.length && !term.isOver && !this.#stop.signal.aborted;
        at += BATCH_RECORDS
      )
        await this.#takeBatch(messages.slice(at, at + BATCH_RECORDS), positions, term);
    } catch (error) {
      term.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #takeBatch(
    batch: readonly ReceivedMessage[],
    positions: Map<number, SourcePosition>,
    term: Term,
  ): Promise<void> {
    const { store, source, regions, clock } = this.#options;
    const { partition, offset, timestamp } = batch.at(-1)!;
    const before = positions.get(partition);
    const next = offset + 1n;
    // A reader that had to begin again brings what is charged.
    if (before !== undefined && next <= before.next) return;
    const load = readLoadRecords(batch, regions);
    const position = { partition, next, restartedAt: before?.restartedAt ?? null };
    const now = clock.now();
    const recordIds = [...new Set(load.records.map(({ recordId }) => recordId))];
    const applied = await store.charge(
      term.lease,
      { topic: source.topic, position, recordIds, now },
      (ledger) => applyLoadRecords(ledger, load, now),
    );
    if (applied === undefined) return term.lose();
    positions.set(partition, position);
    this.#charged += applied.charged;
    this.#refused += applied.refused.length;
    this.#refusal = applied.refused.at(-1) ?? this.#refusal;
    this.#last = { at: now, delayMs: Math.max(0, now - timestamp) };
  }

  /** Looks at states and old entries. Returns how many campaigns were looked at. */
  async #look(term: Term): Promise<number> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const looked = await store.look(term.lease, now, {
      dayOf: ({ timezone }) => this.#days.dayOf(now, timezone),
      stateOf: (campaign, spend) =>
        knownState(campaign, this.#days.dayOf(now, campaign.timezone), spend, now),
    });
    if (looked === undefined) term.lose();
    else await this.#closeOldEntries(term, now);
    return looked ?? 0;
  }

  async #closeOldEntries(term: Term, now: UnixMs): Promise<void> {
    const before = Math.floor(now / DAY_MS) * DAY_MS - this.#options.retentionMs;
    if (before <= this.#closedBefore) return;
    const closed = await this.#options.store.closeEntries(term.lease, before, CLOSE_ENTRIES);
    if (closed === undefined) term.lose();
    else if (closed === 0) this.#closedBefore = before;
  }
}

/** The time in which this process has the lease. */
class Term {
  readonly lease: Lease;
  isOver = false;
  isLost = false;
  #failure: Error | undefined;
  #wake = (): void => {};

  constructor(lease: Lease) {
    this.lease = lease;
  }

  lose(): void {
    this.isLost = true;
    this.end();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.end();
  }

  end(): void {
    this.isOver = true;
    this.#wake();
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Until it is over, for so long at most. */
  rest(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
