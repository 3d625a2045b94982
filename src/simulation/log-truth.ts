import { ENTRY_KIND, type LoggedEntry } from '../embedded/log/entry.ts';
import { listSegments, readLog } from '../embedded/log/log-reader.ts';
import { LOG_DIRECTORY } from '../embedded/log/segment.ts';
import { readManifest } from '../embedded/snapshot/manifest.ts';
import { splitOracleBody } from '../oracle/body-splitter.ts';
import { CountingOracle, type OracleReceipt } from '../oracle/counting-oracle.ts';
import { readOracleEvent, type OracleEvent } from '../oracle/event-reader.ts';
import type { OracleRules } from '../oracle/oracle-rules.ts';
import type { SimulatedDisk } from './disk/simulated-disk.ts';

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
}

/** Reads the whole log of a disk, segments that retention has removed included, and counts it with the oracle. */
export async function readTruth(disk: SimulatedDisk, region: string): Promise<LogTruth> {
  const mount = withRetiredSegments(disk).mount();
  const manifest = await readManifest(mount);
  const rules = rulesBefore(region);
  const truth = { oracle: new CountingOracle(rules), rules, requests: [], counted: [], uncounted: [] };
  if (manifest === undefined) return truth;
  const [first = 1] = await listSegments(mount);
  for await (const { entries } of readLog(mount, Buffer.from(manifest.dataId, 'hex'), first)) {
    for (const entry of entries) feed(truth, entry, region);
  }
  return truth;
}

/** A copy of the disk in which the segments that left it, oldest first, are back. Others were removed as torn. */
function withRetiredSegments(disk: SimulatedDisk): SimulatedDisk {
  const copy = disk.copy();
  const segments = [...disk.contents().keys()].filter((path) => path.startsWith(LOG_DIRECTORY));
  const [oldest = ''] = segments.toSorted();
  for (const [path, content] of disk.removedContents()) {
    if (path.startsWith(LOG_DIRECTORY) && path < oldest) copy.place(path, content);
  }
  return copy;
}

interface GrowingTruth extends LogTruth {
  rules: OracleRules;
  readonly counted: OracleEvent[];
  readonly requests: JudgedEntry[];
  readonly uncounted: UncountedEvent[];
}

function feed(truth: GrowingTruth, { kind, arrival, body }: LoggedEntry, region: string): void {
  if (kind === ENTRY_KIND.rules) {
    const rules = JSON.parse(Buffer.from(body).toString()) as Omit<OracleRules, 'region'>;
    truth.rules = { ...rules, region };
    truth.oracle.changeRules(truth.rules, arrival);
    return;
  }
  const isReplay = kind === ENTRY_KIND.quarantineReplay;
  const format = kind === ENTRY_KIND.eventsJson ? 'json' : 'ndjson';
  const events = isReplay ? eventsOfReplay(body) : splitOracleBody(body, format);
  const receipt = truth.oracle.takeEvents(events, arrival);
  if (!isReplay) truth.requests.push({ body, receipt });
  for (const [index, outcome] of receipt.perEvent.entries()) {
    const { verdict } = outcome;
    if (verdict === 'counted') truth.counted.push(readOracleEvent(events[index], truth.rules).event!);
    if (verdict === 'counted' || verdict === 'duplicate') continue;
    truth.uncounted.push({ arrival, ...outcome, bytes: events[index] });
  }
}

/** A replay holds a line of JSON with the lengths of its events, then the events. */
function eventsOfReplay(body: Uint8Array): Uint8Array[] {
  const lineEnd = body.indexOf(10);
  const head = JSON.parse(Buffer.from(body.subarray(0, lineEnd)).toString()) as { lengths: number[] };
  let end = lineEnd + 1;
  return head.lengths.map((length) => body.subarray(end, (end += length)));
}

/** Before the first entry, which sets the rules, nothing is judged. */
function rulesBefore(region: string): OracleRules {
  return {
    region,
    requiredFields: [],
    defaultCurrency: 'XXX',
    maxEventAgeMs: 0,
    maxClockSkewMs: 0,
    dedupeWindowMs: Number.MAX_SAFE_INTEGER,
    recordRetentionMs: Number.MAX_SAFE_INTEGER,
  };
}
