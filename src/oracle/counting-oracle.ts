import { createHash } from 'node:crypto';
import { splitOracleBody } from './body-splitter.ts';
import { readOracleEvent, type OracleEvent } from './event-reader.ts';
import { IdMemory } from './id-memory.ts';
import type { OraclePeerPage } from './peer-page-reader.ts';
import {
  zeroVerdicts,
  type EventOutcome,
  type OracleEntry,
  type OracleRecord,
  type OracleRules,
  type OracleVerdicts,
} from './oracle-rules.ts';
import { adMinuteUuid } from './record-uuid.ts';

const MINUTE_MS = 60_000;
const MONEY_MAX = 2 ** 53 - 1;

export interface OracleReceipt {
  readonly received: number;
  readonly verdicts: OracleVerdicts;
  /** One per event, in the order of the body; empty when they were not asked for. */
  readonly perEvent: readonly EventOutcome[];
}

/** What arrived in one minute. */
export interface OracleArrivals {
  received: number;
  readonly verdicts: OracleVerdicts;
}

export interface OracleSums {
  readonly records: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly costMicros: bigint;
}

interface Cell {
  readonly recordId: string;
  readonly adId: string;
  readonly minute: number;
  readonly currency: string;
  campaignId: string;
  advertiserId: string;
  impressions: number;
  clicks: number;
  costMicros: number;
  /** How often it has changed. */
  changes: number;
}

/** What happens to touches, for whoever attributes orders. */
export interface TouchListener {
  /** An event was counted here, or is the other region's. */
  readonly onTouch: (event: OracleEvent, region: string) => void;
  /** An event that was counted here is none of this region's any more. */
  readonly onWithdrawn: (event: OracleEvent) => void;
}

/**
 * Counts a log the slow and obvious way, to hold the engine to: JSON.parse, maps, one event after the other. Fed with the
 * entries of a log in their order, it says what every event's verdict had to be and what every record has to show. Memory
 * grows with ids and records, not with events.
 */
export class CountingOracle {
  #rules: OracleRules;
  readonly #ids = new IdMemory();
  readonly #cells = new Map<string, Cell>();
  readonly #arrivals = new Map<number, OracleArrivals>();
  readonly #retired = { records: 0, impressions: 0, clicks: 0, costMicros: 0n };
  readonly #yielded = { records: 0, impressions: 0, clicks: 0, costMicros: 0n };
  readonly #touches: TouchListener;
  /** Every event that is a touch, where old events are to be told from those that were counted before. */
  readonly #touched: Set<string> | undefined;
  /** While old events are filled in: the age up to which they count. */
  #backfillAgeMs: number | undefined;
  #latestArrivalMs = 0;
  /** Nothing concerns arrivals before this any more. */
  #settledMs = 0;
  /** How far the other region has been heard, and has heard of this one. */
  #peer = { data: '', block: 0, through: 0, heard: 0 };
  #retiredBefore = 0;

  /** `hasBackfill`: whether old events will be filled in; then every event counted is remembered. */
  constructor(rules: OracleRules, options: Partial<TouchListener> & { readonly hasBackfill?: boolean } = {}) {
    this.#rules = rules;
    this.#touched = options.hasBackfill === true ? new Set() : undefined;
    this.#touches = {
      onTouch: (event, region) => {
        this.#touched?.add(touchKeyOf(event));
        options.onTouch?.(event, region);
      },
      onWithdrawn: (event) => {
        this.#touched?.delete(touchKeyOf(event));
        options.onWithdrawn?.(event);
      },
    };
  }

  /** The rules of the entries that follow. */
  changeRules(rules: OracleRules, arrivalMs: number): void {
    this.passTime(arrivalMs);
    this.#rules = rules;
  }

  /** Judges and counts the events of one request. `perEvent: false` spares the list of outcomes. */
  take(entry: OracleEntry, options: { perEvent: boolean } = { perEvent: true }): OracleReceipt {
    return this.takeEvents(splitOracleBody(entry.body, entry.format), entry.arrivalMs, options);
  }

  /** Judges and counts events that arrive together, each given as its bytes. */
  takeEvents(
    events: readonly Uint8Array[],
    arrivalMs: number,
    options: { perEvent: boolean } = { perEvent: true },
  ): OracleReceipt {
    this.passTime(arrivalMs);
    const verdicts = zeroVerdicts();
    const perEvent: EventOutcome[] = [];
    for (const bytes of events) {
      const outcome = this.#judge(bytes, arrivalMs);
      verdicts[outcome.verdict]++;
      if (options.perEvent) perEvent.push(outcome);
    }
    this.#book(arrivalMs, events.length, verdicts);
    return { received: events.length, verdicts, perEvent };
  }

  /** Takes in old events: a line of JSON with the age up to which they count, then the events a line each. */
  takeBackfill(
    body: Uint8Array,
    arrivalMs: number,
    options: { perEvent: boolean } = { perEvent: true },
  ): OracleReceipt {
    const lineEnd = body.indexOf(10);
    const { maxAgeMs } = JSON.parse(Buffer.from(body.subarray(0, lineEnd)).toString()) as {
      maxAgeMs: number;
    };
    this.#backfillAgeMs = maxAgeMs;
    const receipt = this.takeEvents(
      splitOracleBody(body.subarray(lineEnd + 1), 'ndjson'),
      arrivalMs,
      options,
    );
    this.#backfillAgeMs = undefined;
    return receipt;
  }

  /**
   * Notes the arrival of an entry without events, too: what is forgotten or retired follows the latest arrival, and stays so
   * when the clock goes back.
   */
  passTime(arrivalMs: number): void {
    this.#latestArrivalMs = Math.max(this.#latestArrivalMs, arrivalMs);
    this.#settle();
    this.#ids.forget(this.#settledMs, this.#rules.dedupeWindowMs);
    const retiredBefore = startOfMinute(Math.max(0, this.#settledMs - this.#rules.recordRetentionMs));
    if (retiredBefore <= this.#retiredBefore) return;
    this.#retiredBefore = retiredBefore;
    for (const [key, cell] of this.#cells) {
      if (cell.minute >= retiredBefore) continue;
      this.#cells.delete(key);
      this.#retired.records++;
      this.#retired.impressions += cell.impressions;
      this.#retired.clicks += cell.clicks;
      this.#retired.costMicros += BigInt(cell.costMicros);
    }
  }

  #settle(): void {
    const { regions, holdMaxMs } = this.#rules;
    const heard = Math.min(this.#latestArrivalMs, this.#peer.through, this.#peer.heard);
    const settled =
      regions.length === 1 ? this.#latestArrivalMs : Math.max(heard, this.#latestArrivalMs - holdMaxMs);
    this.#settledMs = Math.max(this.#settledMs, settled);
  }

  /**
   * Takes in a page of what the other region has counted. Returns for each of its events whether it must be withdrawn there;
   * undefined for a page that says nothing new.
   */
  takePeerPage(page: OraclePeerPage, arrivalMs: number): boolean[] | undefined {
    this.passTime(arrivalMs);
    if (page.data === this.#peer.data && page.after < this.#peer.block) return undefined;
    this.#peer = {
      data: page.data,
      block: page.block,
      through: Math.max(this.#peer.through, page.through),
      heard: Math.max(this.#peer.heard, page.heard),
    };
    const lost = page.events.map((bytes) => this.#takeFromPeer(bytes, arrivalMs));
    for (const bytes of page.withdrawn) this.#withdraw(bytes, arrivalMs);
    this.passTime(arrivalMs);
    return lost;
  }

  /** Returns whether the other region must withdraw the event. */
  #takeFromPeer(bytes: Uint8Array, arrivalMs: number): boolean {
    const { event } = readOracleEvent(bytes, this.#rules);
    if (event === null) return false;
    const content = contentOf(event);
    const known = this.#ids.find(event.eventId);
    if (known === undefined) this.#ids.remember(event.eventId, { content, isPeers: true }, arrivalMs);
    if (known?.isPeers === true) return false;
    if (known !== undefined && this.#isFirst) return known.content !== content;
    this.#touches.onTouch(event, this.#peerName);
    if (known?.content !== content) return false;
    this.#uncount(event);
    this.#ids.giveAway(event.eventId, known, arrivalMs);
    return false;
  }

  /** The first region has another event under this id: the one of here does not count any more. */
  #withdraw(bytes: Uint8Array, arrivalMs: number): void {
    const { event } = readOracleEvent(bytes, this.#rules);
    if (event === null) return;
    const known = this.#ids.find(event.eventId);
    if (known === undefined || known.isPeers || known.content !== contentOf(event)) return;
    this.#uncount(event);
    this.#ids.giveAway(event.eventId, known, arrivalMs);
    this.#touches.onWithdrawn(event);
  }

  #uncount(event: OracleEvent): void {
    const cell = this.#cells.get(keyOf(event));
    if (cell === undefined) return;
    const isClick = event.eventType === 'click';
    cell.costMicros -= event.costMicros;
    if (isClick) cell.clicks--;
    else cell.impressions--;
    cell.changes++;
    this.#yielded.clicks += isClick ? 1 : 0;
    this.#yielded.impressions += isClick ? 0 : 1;
    this.#yielded.costMicros += BigInt(event.costMicros);
  }

  /** Sums of the events that were counted here and are the other region's now. */
  yielded(): OracleSums {
    return this.#yielded;
  }

  /** Until when nothing can concern earlier arrivals any more, Unix ms. */
  get settledMs(): number {
    return this.#settledMs;
  }

  get #isFirst(): boolean {
    return this.#rules.regions[0] === this.#rules.region;
  }

  get #peerName(): string {
    return this.#rules.regions.find((name) => name !== this.#rules.region)!;
  }

  /** The records that are held, by record id. */
  records(): Map<string, OracleRecord> {
    const records = new Map<string, OracleRecord>();
    for (const { changes, ...cell } of this.#cells.values()) {
      records.set(cell.recordId, { ...cell, region: this.#rules.region, revision: changes });
    }
    return records;
  }

  /** What arrived in each minute, by the minute's start in Unix ms. */
  arrivals(): ReadonlyMap<number, Readonly<OracleArrivals>> {
    return this.#arrivals;
  }

  /** Sums of the records that are no longer held. */
  retired(): OracleSums {
    return this.#retired;
  }

  /** Records of minutes before this one, Unix ms, are no longer held. */
  get retiredBefore(): number {
    return this.#retiredBefore;
  }

  get rememberedIds(): number {
    return this.#ids.size;
  }

  #judge(bytes: Uint8Array, arrivalMs: number): EventOutcome {
    const { event, code, eventId } = readOracleEvent(bytes, this.#rules);
    if (event === null) return { verdict: 'invalid', code, eventId };
    const ageMs = arrivalMs - event.eventTime;
    const ageMax = this.#backfillAgeMs ?? this.#rules.maxEventAgeMs;
    const isLate = ageMs > ageMax || event.eventTime < this.#retiredBefore;
    if (isLate) return { verdict: 'late', code: 'late', eventId };
    if (-ageMs > this.#rules.maxClockSkewMs) return { verdict: 'future', code: 'future', eventId };
    const content = contentOf(event);
    const known = this.#ids.find(event.eventId);
    // What the first region is sent is its own, also when the other one has counted it before.
    const isOthersToo = known?.isPeers === true && known.content === content && this.#isFirst;
    if (known !== undefined && !isOthersToo) {
      const verdict = known.content === content ? 'duplicate' : 'conflict';
      return { verdict, code: verdict, eventId };
    }
    const isOld = this.#backfillAgeMs !== undefined && !isOthersToo;
    if (isOld && this.#touched?.has(touchKeyOf(event)) === true) {
      return { verdict: 'duplicate', code: 'duplicate', eventId };
    }
    if (!this.#count(event)) return { verdict: 'invalid', code: 'sum_out_of_range', eventId };
    if (known === undefined) this.#ids.remember(event.eventId, { content, isPeers: false }, arrivalMs);
    else this.#ids.giveAway(event.eventId, known, arrivalMs);
    this.#touches.onTouch(event, this.#rules.region);
    return { verdict: 'counted', code: 'counted', eventId };
  }

  /** Adds the event to its cell; false, and nothing changes, when the cell's cost would no longer be exact. */
  #count(event: OracleEvent): boolean {
    const key = keyOf(event);
    const cell = this.#cells.get(key) ?? this.#newCell(event, startOfMinute(event.eventTime));
    if (event.costMicros > MONEY_MAX - cell.costMicros) return false;
    this.#cells.set(key, cell);
    cell.costMicros += event.costMicros;
    cell.changes++;
    if (event.eventType === 'click') cell.clicks++;
    else cell.impressions++;
    if (isGreater([event.campaignId, event.advertiserId], [cell.campaignId, cell.advertiserId])) {
      cell.campaignId = event.campaignId;
      cell.advertiserId = event.advertiserId;
    }
    return true;
  }

  #newCell(event: OracleEvent, minute: number): Cell {
    return {
      recordId: adMinuteUuid(this.#rules.region, event.adId, minute, event.currency),
      adId: event.adId,
      minute,
      currency: event.currency,
      campaignId: event.campaignId,
      advertiserId: event.advertiserId,
      impressions: 0,
      clicks: 0,
      costMicros: 0,
      changes: 0,
    };
  }

  #book(arrivalMs: number, received: number, verdicts: OracleVerdicts): void {
    const minute = startOfMinute(arrivalMs);
    const booked = this.#arrivals.get(minute) ?? { received: 0, verdicts: zeroVerdicts() };
    this.#arrivals.set(minute, booked);
    booked.received += received;
    for (const verdict of Object.keys(verdicts) as (keyof OracleVerdicts)[]) {
      booked.verdicts[verdict] += verdicts[verdict];
    }
  }
}

function keyOf({ adId, eventTime, currency }: OracleEvent): string {
  return JSON.stringify([adId, startOfMinute(eventTime), currency]);
}

/** What an event is known by as long as its touch is kept. */
function touchKeyOf({ eventId, userId, eventTime }: OracleEvent): string {
  return JSON.stringify([eventId, userId, eventTime]);
}

function startOfMinute(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}

/** A digest of everything interpreted but the id: two events of one id with the same content are duplicates. */
function contentOf(event: OracleEvent): string {
  const { eventId: _, ...content } = event;
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('base64');
  return digest.slice(0, 22);
}

/** Whether the names of `a` come after those of `b`, the first differing one deciding, compared as UTF-8. */
function isGreater(a: readonly string[], b: readonly string[]): boolean {
  const order = a.map((name, index) => Buffer.compare(Buffer.from(name), Buffer.from(b[index])));
  return (order.find((difference) => difference !== 0) ?? 0) > 0;
}
