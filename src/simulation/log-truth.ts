import { ENTRY_KIND, type LoggedEntry } from '../embedded/log/entry.ts';
import { listSegments, readLog } from '../embedded/log/log-reader.ts';
import { readManifest } from '../embedded/snapshot/manifest.ts';
import { CountingOracle, type OracleReceipt } from '../oracle/counting-oracle.ts';
import type { OracleRules } from '../oracle/oracle-rules.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

/** One request of the log, with what the oracle says became of it. */
export interface JudgedEntry {
  readonly body: Uint8Array;
  readonly receipt: OracleReceipt;
}

/** What the log says: the truth that everything else is held to. */
export interface LogTruth {
  readonly oracle: CountingOracle;
  /** Requests of clients, in the order of the log. */
  readonly requests: readonly JudgedEntry[];
  readonly blocks: number;
}

/** Reads the whole log of a disk, segments that retention has removed included, and counts it with the oracle. */
export async function readTruth(disk: SimulatedDisk, region: string): Promise<LogTruth> {
  const mount = disk.copy({ withRemoved: true }).mount();
  const manifest = await readManifest(mount);
  const oracle = new CountingOracle(rulesBefore(region));
  const requests: JudgedEntry[] = [];
  let blocks = 0;
  if (manifest === undefined) return { oracle, requests, blocks };
  const [first = 1] = await listSegments(mount);
  for await (const { entries, number } of readLog(mount, Buffer.from(manifest.dataId, 'hex'), first)) {
    blocks = number;
    for (const entry of entries) {
      const judged = judge(entry, oracle, region);
      if (judged !== undefined) requests.push(judged);
    }
  }
  return { oracle, requests, blocks };
}

function judge(entry: LoggedEntry, oracle: CountingOracle, region: string): JudgedEntry | undefined {
  const { kind, arrival: arrivalMs, body } = entry;
  switch (kind) {
    case ENTRY_KIND.eventsJson:
      return { body, receipt: oracle.take({ arrivalMs, format: 'json', body }) };
    case ENTRY_KIND.eventsNdjson:
      return { body, receipt: oracle.take({ arrivalMs, format: 'ndjson', body }) };
    case ENTRY_KIND.rules: {
      const rules = JSON.parse(Buffer.from(body).toString()) as Omit<OracleRules, 'region'>;
      oracle.changeRules({ ...rules, region }, arrivalMs);
      return undefined;
    }
    case ENTRY_KIND.quarantineReplay:
      oracle.takeEvents(eventsOfReplay(body), arrivalMs);
      return undefined;
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
