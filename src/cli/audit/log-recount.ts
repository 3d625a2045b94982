import type { UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { HOUR_MS } from '../../base/units.ts';
import { ENTRY_KIND, type LoggedEntry } from '../../embedded/log/entry.ts';
import { listSegments, readLog } from '../../embedded/log/log-reader.ts';
import type { Disk } from '../../embedded/ports.ts';
import { readManifest } from '../../embedded/snapshot/manifest.ts';
import { decodeReplayBody } from '../../embedded/state/replay-body.ts';
import type { AdMinute } from '../../model/ad-minute.ts';
import { splitOracleBody } from '../../oracle/body-splitter.ts';
import { CountingOracle, type OracleArrivals } from '../../oracle/counting-oracle.ts';
import type { OracleRules } from '../../oracle/oracle-rules.ts';
import { readOraclePeerPage } from '../../oracle/peer-page-reader.ts';
import { rulesOf, type PipelineRules } from '../../pipeline/pipeline-rules.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { buyersIn, OrderRecount } from './order-recount.ts';

/** Counts and attributes the raw log of a data directory again with the naive oracles; may be asked to go on as the log grows. */
export class LogRecount {
  readonly region: string;
  readonly #disk: Disk;
  readonly #dataId: Uint8Array;
  readonly #oracle: CountingOracle;
  readonly orders: OrderRecount;
  readonly #firstBlock: number;
  #rules: OracleRules;
  #nextBlock: number;
  #firstArrival: UnixMs | undefined;
  events = 0;
  bytes = 0;

  private constructor(
    disk: Disk,
    manifest: { readonly region: string; readonly dataId: string },
    firstBlock: number,
    spec: PipelineSpec,
    survey: LogSurvey,
  ) {
    this.region = manifest.region;
    this.#disk = disk;
    this.#dataId = Buffer.from(manifest.dataId, 'hex');
    this.#firstBlock = firstBlock;
    this.#nextBlock = firstBlock;
    // In force until the log says otherwise; its first entry does, unless retention has taken that away.
    const rules = rulesOf(spec);
    this.#rules = { ...rules, region: manifest.region };
    const orders = new OrderRecount(manifest.region, rules.orders, survey.buyers);
    this.orders = orders;
    this.#oracle = new CountingOracle(this.#rules, {
      onTouch: (event, region) => orders.takeTouch(event, region),
      onWithdrawn: (event) => orders.withdrawTouch(event),
      hasBackfill: survey.hasBackfill,
    });
  }

  /**
   * Reads the log once to find the users with orders, so that only their touches need be kept. Throws AdtallyError: not_found
   * without a region, data_corrupt, data_format.
   */
  static async open(disk: Disk, spec: PipelineSpec): Promise<LogRecount> {
    const manifest = await readManifest(disk);
    if (manifest === undefined)
      throw new AdtallyError('not_found', `There is no region in the data directory ${spec.data}.`);
    const [firstBlock = 1] = await listSegments(disk);
    return new LogRecount(
      disk,
      manifest,
      firstBlock,
      spec,
      await surveyOf(disk, manifest.dataId, firstBlock),
    );
  }

  /** Counts what has been added to the log since the last call. Throws AdtallyError data_corrupt. */
  async readOn(): Promise<void> {
    for await (const { number, entries } of readLog(this.#disk, this.#dataId, this.#nextBlock)) {
      for (const entry of entries) this.#take(entry);
      this.#nextBlock = number + 1;
    }
  }

  /** The records that the log gives, by record id. */
  records(): ReadonlyMap<string, AdMinute> {
    return new Map([...this.#oracle.records()].map(([id, record]) => [id, asAdMinute(record)] as const));
  }

  /** What arrived in each minute, by the minute's start in Unix ms. */
  arrivals(): ReadonlyMap<number, Readonly<OracleArrivals>> {
    return this.#oracle.arrivals();
  }

  /**
   * From when on the log alone tells everything: minutes of records and of arrival before this one may depend on what retention
   * has removed, Unix ms; 0 when the log is whole.
   */
  get completeFrom(): UnixMs {
    if (this.#firstBlock === 1 || this.#firstArrival === undefined) return 0;
    // An id that arrived before the log began is remembered for the window and the rest of its hour.
    return this.#firstArrival + this.#rules.dedupeWindowMs + this.#rules.maxClockSkewMs + HOUR_MS;
  }

  /** Records and minutes of arrival before this are no longer held, Unix ms. */
  get retiredBefore(): UnixMs {
    return this.#oracle.retiredBefore;
  }

  #take({ kind, arrival: arrivalMs, body }: LoggedEntry): void {
    this.#firstArrival ??= arrivalMs;
    this.bytes += body.length;
    this.#oracle.passTime(arrivalMs);
    this.orders.passTime(this.#oracle.settledMs);
    switch (kind) {
      case ENTRY_KIND.eventsJson:
        this.events += this.#oracle.take({ arrivalMs, format: 'json', body }, { perEvent: false }).received;
        return;
      case ENTRY_KIND.eventsNdjson:
        this.events += this.#oracle.take({ arrivalMs, format: 'ndjson', body }, { perEvent: false }).received;
        return;
      case ENTRY_KIND.rules:
        this.#changeRules(JSON.parse(Buffer.from(body).toString()) as PipelineRules, arrivalMs);
        return;
      case ENTRY_KIND.quarantineReplay:
        this.events += this.#oracle.takeEvents(eventsOfReplay(body), arrivalMs, { perEvent: false }).received;
        return;
      case ENTRY_KIND.ordersJson:
        this.orders.takeOrders(body, 'json', arrivalMs);
        return;
      case ENTRY_KIND.ordersNdjson:
        this.orders.takeOrders(body, 'ndjson', arrivalMs);
        return;
      case ENTRY_KIND.backfill:
        this.events += this.#oracle.takeBackfill(body, arrivalMs, { perEvent: false }).received;
        return;
      case ENTRY_KIND.peerPage:
        this.#takePeerPage(body, arrivalMs);
        return;
      case ENTRY_KIND.enrichment:
      case ENTRY_KIND.marks:
        // What an order service says changes no credit, and marks only repeat what was counted.
        return;
    }
  }

  #takePeerPage(body: Uint8Array, arrivalMs: UnixMs): void {
    const page = readOraclePeerPage(body);
    if (this.#oracle.takePeerPage(page, arrivalMs) === undefined) return;
    for (const order of page.orders) this.orders.takePeerOrder(order);
    this.orders.passTime(this.#oracle.settledMs);
  }

  #changeRules(rules: PipelineRules, arrivalMs: UnixMs): void {
    this.#rules = { ...rules, region: this.region };
    this.#oracle.changeRules(this.#rules, arrivalMs);
    this.orders.changeRules(rules.orders, rules.regions);
  }
}

/** What is known of a log before it is recounted. */
interface LogSurvey {
  /** Users with orders. */
  readonly buyers: ReadonlySet<string>;
  /** Whether old events were filled in. */
  readonly hasBackfill: boolean;
}

async function surveyOf(disk: Disk, dataId: string, firstBlock: number): Promise<LogSurvey> {
  const buyers = new Set<string>();
  let hasBackfill = false;
  for await (const { entries } of readLog(disk, Buffer.from(dataId, 'hex'), firstBlock)) {
    for (const { kind, body } of entries) {
      hasBackfill ||= kind === ENTRY_KIND.backfill;
      for (const userId of buyersOf(kind, body)) buyers.add(userId);
    }
  }
  return { buyers, hasBackfill };
}

function buyersOf(kind: LoggedEntry['kind'], body: Uint8Array): string[] {
  if (kind === ENTRY_KIND.ordersJson) return buyersIn(splitOracleBody(body, 'json'));
  if (kind === ENTRY_KIND.ordersNdjson) return buyersIn(splitOracleBody(body, 'ndjson'));
  return kind === ENTRY_KIND.peerPage ? buyersIn(readOraclePeerPage(body).orders) : [];
}

function eventsOfReplay(body: Uint8Array): Uint8Array[] {
  const { lengths, eventsAt } = decodeReplayBody(body);
  let end = eventsAt;
  return lengths.map((length) => body.subarray(end, (end += length)));
}

/** Exactly the fields of a record, so that a comparison sees no other. */
function asAdMinute(record: AdMinute): AdMinute {
  const { recordId, revision, region, adId, campaignId, advertiserId } = record;
  const { minute, currency, impressions, clicks, costMicros } = record;
  return {
    recordId,
    revision,
    region,
    adId,
    campaignId,
    advertiserId,
    minute,
    currency,
    impressions,
    clicks,
    costMicros,
  };
}
