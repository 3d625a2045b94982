import { assert } from '../base/assert.ts';
import type { Clock, UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import type { AdMinute, AdMinuteFigures } from '../model/ad-minute.ts';
import type { Touch } from '../model/touch.ts';
import type { AttributedOrder } from '../model/attributed-order.ts';
import type { OrderReceipt } from '../model/order-receipt.ts';
import type { BodyFormat } from '../model/request/ingest.ts';
import { noVerdicts, VERDICTS, type IngestReceipt } from '../model/verdict.ts';
import { rulesOf } from '../pipeline/pipeline-rules.ts';
import { checkSize } from '../pipeline/request-size.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { checkBackfillAge, refuseWhenFull } from './admission.ts';
import { auditOf } from './audit.ts';
import { pageOfChanges, pageOfOrderChanges } from './change-feed.ts';
import { diskFailed } from './disk-failure.ts';
import type { PendingOrder } from '../enrichment/ports.ts';
import { GroupCommit, type CommittedGroup } from './group-commit.ts';
import { ENTRY_KIND, type EntryKind, type LoggedEntry } from './log/entry.ts';
import { LogWriter } from './log/log-writer.ts';
import { decodePeerPage } from './peer/peer-page.ts';
import { PeerPages } from './peer/peer-pages.ts';
import type {
  AdMinuteFilter,
  AuditReport,
  BackfillPreview,
  ChangePage,
  Disk,
  OrderAnswer,
  OrderReport,
  PeerPosition,
  QuarantineList,
  RecoveryReport,
  Region,
  RegionStatus,
  VisibleChange,
} from './ports.ts';
import { countOrders, listLatestOrders, listOrders, listPendingOrders, reportOrder } from './order-reader.ts';
import { listQuarantine, readForReplay, readQuarantined } from './quarantine-reader.ts';
import { recover, type Recovered } from './snapshot/recovery.ts';
import { Snapshotter } from './snapshot/snapshotter.ts';
import type { Aggregation } from './state/aggregation.ts';
import { TouchFiles } from './touches/touch-files.ts';
import { readCounts } from './state/arrival-counters.ts';
import { encodeBackfill, previewBackfill } from './backfill.ts';
import type { EntryReceipt } from './state/entry-receipt.ts';

/** Applying events gives the event loop a turn after so long. */
const TURN_MS = 8;
/** A segment spans at most this share of the log's retention, so that old bytes leave in time. */
const SEGMENT_SPAN_SHARE = 1 / 24;
/** Even with little traffic a snapshot is taken this often, so that old segments can leave. */
const SNAPSHOT_EVERY_MS = 3_600_000;
/** Orders that one call has asked for again. */
const RETRIES_MAX = 10_000;

export interface RegionOptions {
  readonly name: string;
  readonly spec: PipelineSpec;
  /** The region's data directory; nobody else may write to it. */
  readonly disk: Disk;
  readonly clock: Clock;
  /** Random bytes, for the ids and the secret seed of a new data directory. */
  readonly entropy: (bytes: number) => Uint8Array;
  /** For tests and measurements; what a user sets is in `spec`. */
  readonly tuning?: RegionTuning;
}

export interface RegionTuning {
  readonly keepsTouches?: boolean;
  /** So many runs of touches of one size become one. */
  readonly touchMergeWidth?: number;
  /** About so many bytes are in a page for the peer. */
  readonly peerPageBytes?: number;
}

/** Opens a region on its data directory: recovers what is there, or begins anew. Rejects with AdtallyError. */
export async function openRegion(options: RegionOptions): Promise<Region> {
  try {
    return await open(options);
  } catch (error) {
    throw diskFailed(error);
  }
}

async function open(options: RegionOptions): Promise<Region> {
  const { clock, disk, name, spec, entropy, tuning = {} } = options;
  const startMs = clock.monotonicMs();
  const recovered = await recover(disk, name, spec, entropy, {
    keepsTouches: tuning.keepsTouches,
  });
  const log = await LogWriter.open(disk, Buffer.from(recovered.manifest.dataId, 'hex'), recovered.end, {
    bytes: spec.logSegment,
    spanMs: spec.retention.log * SEGMENT_SPAN_SHARE,
  });
  const region = new EmbeddedRegion(options, recovered, log, startMs);
  await region.begin();
  return region;
}

/** Engine 1: one region in one process. The log comes first; the state only ever holds what is on stable storage. */
class EmbeddedRegion implements Region {
  readonly name: string;
  readonly failed: Promise<Error>;
  readonly #spec: PipelineSpec;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #dataId: string;
  readonly #state: Aggregation;
  readonly #log: LogWriter;
  readonly #commit: GroupCommit;
  readonly #touchFiles: TouchFiles;
  readonly #snapshotter: Snapshotter;
  readonly #recovery: RecoveryReport;
  readonly #peerPages: PeerPages;
  readonly #startedAt: UnixMs;
  readonly #listeners = new Set<(change: VisibleChange) => void>();
  /** Blocks are applied one after the other; this is the last of them. */
  #applying: Promise<void> = Promise.resolve();
  #snapshotting: Promise<void> | undefined;
  #merging: Promise<void> | undefined;
  #turnDueMs = 0;
  #bytesSinceSnapshot: number;
  #snapshotDueAt: UnixMs;
  #pendingBytes = 0;
  #pendingEvents = 0;
  #stopped: AdtallyError | undefined;
  #hasFailed = false;
  #reportFailure: (error: Error) => void = () => {};

  constructor(options: RegionOptions, recovered: Recovered, log: LogWriter, startMs: number) {
    const { clock, disk, spec } = options;
    const { manifest, state, report } = recovered;
    this.name = options.name;
    this.#spec = spec;
    this.#disk = disk;
    this.#clock = clock;
    this.#dataId = manifest.dataId;
    this.#state = state;
    this.#log = log;
    const { touchMergeWidth } = options.tuning ?? {};
    this.#touchFiles = new TouchFiles(disk, clock, manifest.dataId, touchMergeWidth);
    this.#snapshotter = new Snapshotter(
      disk,
      clock,
      this.#touchFiles,
      manifest,
      recovered.snapshotDimensions,
    );
    this.#bytesSinceSnapshot = recovered.tailBytes;
    this.#startedAt = clock.now();
    this.#snapshotDueAt = this.#startedAt + SNAPSHOT_EVERY_MS;
    this.#recovery = { ...report, durationMs: clock.monotonicMs() - startMs };
    this.#peerPages = new PeerPages({
      region: this.name,
      dataId: manifest.dataId,
      disk,
      clock,
      state,
      pageBytes: options.tuning?.peerPageBytes,
      isIdle: () => this.#pendingBytes === 0,
    });
    this.failed = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
    this.#commit = new GroupCommit({
      log,
      clock,
      intervalMs: spec.commitInterval,
      takeMarks: () => this.#peerPages.takeMarks(),
      onCommitted: (group) => this.#applyNext(group),
      onFailure: (error) => this.#fail(error),
    });
  }

  peerPosition(): PeerPosition {
    const { data, block } = this.#state.scalars.peer;
    return { data, block };
  }

  async takePeerPage(page: Uint8Array): Promise<void> {
    const { count } = decodePeerPage(page);
    await this.#submit(ENTRY_KIND.peerPage, page, count);
  }

  async peerPage(after: PeerPosition): Promise<{ readonly page: Uint8Array; readonly isEmpty: boolean }> {
    if (this.#stopped !== undefined) throw this.#stopped;
    return this.#peerPages.next(after);
  }

  /** Removes what a crash left over, and logs the rules when they differ from those in force. */
  async begin(): Promise<void> {
    await this.#snapshotter.removeStrays();
    this.#relieveTouches();
    const rules = rulesOf(this.#spec);
    const isNew = this.#log.lastBlock === 0;
    if (!isNew && JSON.stringify(rules) === JSON.stringify(this.#state.scalars.rules)) return;
    await this.#submit(ENTRY_KIND.rules, Buffer.from(JSON.stringify(rules)), 0);
  }

  async ingest(body: Uint8Array, format: BodyFormat): Promise<IngestReceipt> {
    const count = checkSize(body, format, this.#spec.limits);
    const kind = format === 'json' ? ENTRY_KIND.eventsJson : ENTRY_KIND.eventsNdjson;
    return eventReceipt(await this.#submit(kind, body, count));
  }

  async ingestOrders(body: Uint8Array, format: BodyFormat): Promise<OrderReceipt> {
    const count = checkSize(body, format, this.#spec.limits);
    const kind = format === 'json' ? ENTRY_KIND.ordersJson : ENTRY_KIND.ordersNdjson;
    const answer = await this.#submit(kind, body, count);
    assert(answer.of === 'orders', 'orders are answered as orders');
    return answer.receipt;
  }

  async backfill(events: Uint8Array, maxAgeMs: number): Promise<IngestReceipt> {
    const count = checkSize(events, 'ndjson', this.#spec.limits);
    checkBackfillAge(maxAgeMs, this.#state.scalars.rules);
    return eventReceipt(await this.#submit(ENTRY_KIND.backfill, encodeBackfill(maxAgeMs, events), count));
  }

  previewBackfill(events: Uint8Array, maxAgeMs: number): BackfillPreview {
    checkSize(events, 'ndjson', this.#spec.limits);
    checkBackfillAge(maxAgeMs, this.#state.scalars.rules);
    return previewBackfill(this.#state, events, maxAgeMs, this.#clock.now());
  }

  order(orderId: string): OrderReport | undefined {
    return reportOrder(this.#state.attribution, orderId);
  }

  latestOrders(limit: number): readonly AttributedOrder[] {
    return listLatestOrders(this.#state.attribution, limit);
  }

  pendingOrders(limit: number, except: ReadonlySet<string>): readonly PendingOrder[] {
    return listPendingOrders(this.#state.attribution, limit, except);
  }

  async enrich(answer: OrderAnswer): Promise<void> {
    await this.#submit(ENTRY_KIND.enrichment, Buffer.from(JSON.stringify(answer)), 0);
  }

  async retryEnrichment(): Promise<number> {
    const deadline = this.#clock.now() + this.#spec.enrichment.deadline;
    const answers = this.#state.attribution
      .unavailable()
      .take(RETRIES_MAX)
      .map(({ order: { orderId, orderVersion } }) =>
        this.enrich({ orderId, orderVersion, status: 'pending', enrichment: null, deadline }),
      );
    return (await Promise.all(answers)).length;
  }

  attributedOrders(): IterableIterator<readonly AttributedOrder[]> {
    return listOrders(this.#state.attribution);
  }

  changedOrders(after: string | undefined, limit: number): ChangePage<AttributedOrder> {
    return pageOfOrderChanges(this.#state, this.#dataId, after, limit);
  }

  adMinutes(filter: AdMinuteFilter): IterableIterator<AdMinuteFigures> {
    return this.#state.cells.query(filter);
  }

  changedAdMinutes(after: string | undefined, limit: number): ChangePage<AdMinute> {
    return pageOfChanges(this.#state, this.#dataId, after, limit);
  }

  onChange(listener: (change: VisibleChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  audit(): AuditReport {
    return auditOf(this.#state);
  }

  quarantine(options: { limit: number; before?: number | undefined }): Promise<QuarantineList> {
    return listQuarantine(this.#disk, this.#state, options);
  }

  quarantineRaw(id: number): Promise<Uint8Array> {
    return readQuarantined(this.#disk, this.#state, id);
  }

  async replayQuarantine(ids: readonly number[]): Promise<IngestReceipt> {
    const most = this.#spec.limits.eventsPerRequest;
    const { body, count } = await readForReplay(this.#disk, this.#state, ids, most);
    return eventReceipt(await this.#submit(ENTRY_KIND.quarantineReplay, body, count));
  }

  touches(userId: string, from: UnixMs, to: UnixMs): readonly Touch[] {
    return this.#state.touches.touchesOf(userId, from, to);
  }

  status(): RegionStatus {
    const { attribution, cells, counters, ids, quarantine, scalars, touches } = this.#state;
    return {
      region: this.name,
      startedAt: this.#startedAt,
      visibleBlock: scalars.block,
      ...readCounts(counters.total),
      records: cells.count,
      recordsFrom: cells.retiredBefore,
      ordersFrom: attribution.scalars.droppedBefore,
      rememberedIds: ids.size,
      idIndexBytes: ids.bytes,
      pendingBytes: this.#pendingBytes,
      logBytes: this.#log.segments.reduce((sum, { bytes }) => sum + bytes, 0),
      logSegments: this.#log.segments.length,
      logBytesWritten: this.#log.bytesWritten,
      snapshotBytesWritten: this.#snapshotter.bytesWritten,
      commits: this.#commit.commits,
      commitMsLast: this.#commit.commitMsLast,
      snapshots: this.#snapshotter.taken,
      touches: touches.count,
      touchMemoryBytes: touches.memoryBytes,
      touchRuns: touches.runs.length,
      quarantineHeld: quarantine.held,
      quarantineDropped: quarantine.dropped,
      orders: countOrders(attribution),
      recovery: this.#recovery,
      peer: this.#peerPages.status(),
    };
  }

  pendingBytes(): number {
    return this.#pendingBytes;
  }

  asOf(): UnixMs {
    return this.#state.scalars.latestArrival;
  }

  async snapshot(): Promise<void> {
    await this.#snapshotting;
    // In turn with the blocks: a snapshot never sees half of one.
    this.#applying = this.#applying.then(() => this.#startSnapshot());
    await this.#applying;
    await this.#snapshotting;
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  async close(): Promise<void> {
    if (this.#stopped !== undefined) return;
    this.#stopped = new AdtallyError('stopping', `Region ${this.name} is stopping.`);
    this.#touchFiles.stop();
    await this.#commit.drain().catch((error: unknown) => this.#fail(error));
    await this.#applying;
    await this.#snapshotting;
    await this.#merging;
    if (this.#hasFailed) throw this.#stopped;
    if (this.#snapshotter.block < this.#state.scalars.block) this.#startSnapshot();
    await this.#snapshotting;
    await this.#peerPages.close();
    await this.#log.close();
    await this.#touchFiles.close();
    await this.#state.touches.close();
  }

  #submit(kind: EntryKind, body: Uint8Array, events: number): Promise<EntryReceipt> {
    if (this.#stopped !== undefined) throw this.#stopped;
    const waiting = { bytes: this.#pendingBytes, events: this.#pendingEvents };
    refuseWhenFull({ bytes: body.length, events }, waiting, this.#state, this.#spec.limits);
    this.#pendingBytes += body.length;
    this.#pendingEvents += events;
    return new Promise<EntryReceipt>((resolve, reject) => {
      this.#commit.add({
        entry: { kind, arrival: this.#clock.now(), body },
        events,
        acceptedAtMs: this.#clock.monotonicMs(),
        resolve,
        reject,
      });
    });
  }

  #applyNext(group: CommittedGroup): void {
    this.#applying = this.#applying
      .then(() => this.#apply(group))
      .catch((error: unknown) => {
        this.#fail(error);
        for (const { reject } of group.requests) reject(this.#stopped!);
      });
  }

  /** Applies a durable block and answers its requests. */
  async #apply({ block, requests }: CommittedGroup): Promise<void> {
    const verdicts = noVerdicts();
    let received = 0;
    for (const [n, entry] of block.entries.entries()) {
      const answer = await this.#applyEntry(entry);
      const request = requests.at(n);
      // Marks: nobody waits for them.
      if (request === undefined) continue;
      this.#peerPages.noteEntry(block.number, n, entry);
      this.#pendingBytes -= entry.body.length;
      this.#pendingEvents -= request.events;
      if (answer.of === 'events') {
        received += answer.receipt.received;
        for (const verdict of VERDICTS) verdicts[verdict] += answer.receipt.verdicts[verdict];
      }
      request.resolve(answer);
      this.#bytesSinceSnapshot += entry.body.length;
    }
    this.#state.endBlock(block.number);
    this.#peerPages.endBlock(block.number);
    this.#snapshotIfDue();
    if (requests.length === 0) return;
    const visibleAtMs = this.#clock.monotonicMs();
    const change = { received, verdicts, acceptedAtMs: requests[0].acceptedAtMs, visibleAtMs };
    for (const listener of this.#listeners) listener(change);
  }

  /** Applies one entry; others have their turn at least every TURN_MS. */
  async #applyEntry(entry: LoggedEntry): Promise<EntryReceipt> {
    const steps = this.#state.applyInSteps(entry, this.#spec.limits.problemsPerRequest);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (this.#clock.monotonicMs() < this.#turnDueMs) continue;
      await this.#clock.turn();
      this.#turnDueMs = this.#clock.monotonicMs() + TURN_MS;
    }
  }

  #isSnapshotDue(): boolean {
    if (this.#snapshotting !== undefined || this.#stopped !== undefined) return false;
    return (
      this.#bytesSinceSnapshot >= this.#spec.snapshotAfter ||
      this.#clock.now() >= this.#snapshotDueAt ||
      this.#state.touches.isWriteDue
    );
  }

  #snapshotIfDue(): void {
    if (this.#isSnapshotDue()) this.#startSnapshot();
  }

  /** Begins a snapshot of the state between two blocks. */
  #startSnapshot(): void {
    if (this.#snapshotting !== undefined) return;
    this.#bytesSinceSnapshot = 0;
    this.#snapshotDueAt = this.#clock.now() + SNAPSHOT_EVERY_MS;
    this.#snapshotting = this.#takeSnapshot()
      .catch((error: unknown) => this.#fail(diskFailed(error)))
      .finally(() => {
        this.#snapshotting = undefined;
        this.#relieveTouches();
      });
  }

  /** While touches have filled their memory nothing is taken in, so no block would notice that a snapshot is due. */
  #relieveTouches(): void {
    if (!this.#state.touches.isWriteDue) return;
    this.#applying = this.#applying.then(() => this.#snapshotIfDue());
  }

  #startMerging(): void {
    if (this.#merging !== undefined || this.#stopped !== undefined) return;
    this.#merging = this.#touchFiles
      .merge(this.#state.touches)
      .catch((error: unknown) => this.#fail(diskFailed(error)))
      .finally(() => {
        this.#merging = undefined;
      });
  }

  async #takeSnapshot(): Promise<void> {
    await this.#snapshotter.take(this.#state, this.#log.segments);
    this.#startMerging();
    const { expiredBefore } = this.#state.scalars.horizon;
    await this.#log.removeOldest(
      ({ lastBlock, lastArrival }) =>
        lastBlock <= this.#snapshotter.block &&
        lastArrival < expiredBefore &&
        !this.#peerPages.isOwed(lastBlock, lastArrival),
    );
  }

  /** After a failed write the disk may hold anything: nothing more is acknowledged, and the process is to end. */
  #fail(error: unknown): void {
    this.#hasFailed = true;
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#stopped =
      failure instanceof AdtallyError
        ? failure
        : new AdtallyError('internal', failure.message, { cause: failure });
    this.#commit.abort(this.#stopped);
    this.#reportFailure(failure);
  }
}

function eventReceipt(answer: EntryReceipt): IngestReceipt {
  assert(answer.of === 'events', 'events are answered as events');
  return answer.receipt;
}
