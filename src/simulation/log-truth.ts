import { assert } from '../base/assert.ts';
import { ENTRY_KIND, type LoggedEntry } from '../embedded/log/entry.ts';
import { listSegments, readLog } from '../embedded/log/log-reader.ts';
import { LOG_DIRECTORY } from '../embedded/log/segment.ts';
import { readManifest } from '../embedded/snapshot/manifest.ts';
import { splitOracleBody } from '../oracle/body-splitter.ts';
import { CountingOracle, type OracleReceipt } from '../oracle/counting-oracle.ts';
import type { OracleEvent } from '../oracle/event-reader.ts';
import type { OracleRules } from '../oracle/oracle-rules.ts';
import type { OracleTouch } from '../oracle/oracle-credits.ts';
import { readOraclePeerPage } from '../oracle/peer-page-reader.ts';
import type { SimulatedDisk } from './disk/simulated-disk.ts';
import { OrderTruth, type LoggedOrderRules } from './orders/order-truth.ts';

/** One request of the log, with what the oracle says became of it. */
export interface JudgedEntry {
  readonly body: Uint8Array;
  readonly receipt: OracleReceipt;
}

/** An event that belongs into the quarantine. */
export interface UncountedEvent {
  readonly arrival: number;
  readonly verdict: string;
  readonly code: string;
  readonly eventId: string | null;
  /** Without the white space around it. */
  readonly bytes: Uint8Array;
}

/** What the log says: the truth that everything else is held to. */
export interface LogTruth {
  readonly oracle: CountingOracle;
  /** Requests of clients, in the order of the log. */
  readonly requests: readonly JudgedEntry[];
  /** What was counted, in the order of the log. */
  readonly counted: readonly OracleEvent[];
  /** What was neither counted nor a duplicate, in the order of the log. */
  readonly uncounted: readonly UncountedEvent[];
  readonly orders: OrderTruth;
}

/** Reads the whole log of a disk, segments that retention has removed included, and counts it with the oracle. */
export async function readTruth(disk: SimulatedDisk, region: string): Promise<LogTruth> {
  const mount = withRetiredSegments(disk).mount();
  const manifest = await readManifest(mount);
  const rules = rulesBefore(region);
  const orders = new OrderTruth(region, rules.orders);
  const counted: OracleEvent[] = [];
  const oracle = new CountingOracle(rules, {
    onTouch: (event, from) => {
      if (from === region) counted.push(event);
      orders.takeTouch(touchOf(event, from));
    },
    onWithdrawn: (event) => orders.withdrawTouch(event),
  });
  const truth: GrowingTruth = { oracle, requests: [], counted, uncounted: [], orders, rules };
  if (manifest === undefined) return truth;
  const [first = 1] = await listSegments(mount);
  for await (const { entries } of readLog(mount, Buffer.from(manifest.dataId, 'hex'), first)) {
    for (const entry of entries) feed(truth, entry);
  }
  return truth;
}

/** A copy of the disk in which the segments that left it, oldest first, are back. Others were removed as torn. */
export function withRetiredSegments(disk: SimulatedDisk): SimulatedDisk {
  const copy = disk.copy();
  const segments = [...disk.contents().keys()].filter((path) => path.startsWith(LOG_DIRECTORY));
  const [oldest = ''] = segments.toSorted();
  for (const [path, content] of disk.removedContents()) {
    if (path.startsWith(LOG_DIRECTORY) && path < oldest) copy.place(path, content);
  }
  return copy;
}

interface LoggedRules extends OracleRules {
  readonly orders: LoggedOrderRules;
}

interface GrowingTruth extends LogTruth {
  readonly counted: OracleEvent[];
  readonly requests: JudgedEntry[];
  readonly uncounted: UncountedEvent[];
  rules: LoggedRules;
}

function feed(truth: GrowingTruth, entry: LoggedEntry): void {
  const { kind, arrival, body } = entry;
  truth.oracle.passTime(arrival);
  truth.orders.passTime(truth.oracle.settledMs);
  switch (kind) {
    case ENTRY_KIND.rules:
      feedRules(truth, entry);
      return;
    case ENTRY_KIND.ordersJson:
    case ENTRY_KIND.ordersNdjson: {
      const format = kind === ENTRY_KIND.ordersJson ? 'json' : 'ndjson';
      truth.orders.takeRequest(body, splitOracleBody(body, format), arrival);
      return;
    }
    case ENTRY_KIND.enrichment:
      truth.orders.takeAnswer(body);
      return;
    case ENTRY_KIND.peerPage:
      feedPeerPage(truth, entry);
      return;
    case ENTRY_KIND.marks:
      return;
    default:
      feedEvents(truth, entry);
  }
}

function feedRules(truth: GrowingTruth, { arrival, body }: LoggedEntry): void {
  const rules = JSON.parse(Buffer.from(body).toString()) as LoggedRules;
  truth.rules = { ...rules, region: truth.rules.region };
  truth.oracle.changeRules(truth.rules, arrival);
  truth.orders.changeRules(rules.orders, rules.regions);
}

function feedEvents(truth: GrowingTruth, { kind, arrival, body }: LoggedEntry): void {
  assert(kind !== ENTRY_KIND.backfill, 'nothing is filled in in simulated worlds');
  const isReplay = kind === ENTRY_KIND.quarantineReplay;
  const format = kind === ENTRY_KIND.eventsJson ? 'json' : 'ndjson';
  const events = isReplay ? eventsOfReplay(body) : splitOracleBody(body, format);
  const receipt = truth.oracle.takeEvents(events, arrival);
  if (!isReplay) truth.requests.push({ body, receipt });
  for (const [index, outcome] of receipt.perEvent.entries()) {
    const { verdict } = outcome;
    if (verdict !== 'counted' && verdict !== 'duplicate')
      truth.uncounted.push({ arrival, ...outcome, bytes: events[index] });
  }
}

function feedPeerPage(truth: GrowingTruth, { arrival, body }: LoggedEntry): void {
  const page = readOraclePeerPage(body);
  if (truth.oracle.takePeerPage(page, arrival) === undefined) return;
  // The time passes once for the page's events, and again for what it has settled: orders come in between.
  for (const order of page.orders) truth.orders.takePeerOrder(order);
  truth.orders.passTime(truth.oracle.settledMs);
}

/** An event that counts is a touch of its user. */
function touchOf(event: OracleEvent, region: string): OracleTouch {
  const { placement: _, costMicros: _cost, currency: _currency, ...touch } = event;
  return { ...touch, region };
}

/** A replay holds a line of JSON with the lengths of its events, then the events. */
function eventsOfReplay(body: Uint8Array): Uint8Array[] {
  const lineEnd = body.indexOf(10);
  const head = JSON.parse(Buffer.from(body.subarray(0, lineEnd)).toString()) as { lengths: number[] };
  let end = lineEnd + 1;
  return head.lengths.map((length) => body.subarray(end, (end += length)));
}

/** Before the first entry, which sets the rules, nothing is judged. */
function rulesBefore(region: string): LoggedRules {
  return {
    region,
    // As if there were another region that nothing has been heard of: nothing is over.
    regions: [region, ''],
    holdMaxMs: Number.MAX_SAFE_INTEGER,
    orders: {
      clickWindowMs: 0,
      viewWindowMs: 0,
      maxOrderAgeMs: 0,
      maxClockSkewMs: 0,
      merchantMatch: 'any',
      models: [],
      timeDecayHalfLifeMs: 0,
      touchesMax: 0,
      defaultCurrency: 'XXX',
      enrichmentDeadlineMs: 0,
    },
    requiredFields: [],
    defaultCurrency: 'XXX',
    maxEventAgeMs: 0,
    maxClockSkewMs: 0,
    dedupeWindowMs: Number.MAX_SAFE_INTEGER,
    recordRetentionMs: Number.MAX_SAFE_INTEGER,
  };
}
