import type { UnixMs } from '../base/clock.ts';
import { DAY_MS } from '../base/units.ts';
import { noVerdicts, type Verdict } from '../model/verdict.ts';
import { judgeAge } from '../pipeline/aggregation.ts';
import { touchRetentionMs } from '../pipeline/order-rules.ts';
import type { PipelineRules } from '../pipeline/pipeline-rules.ts';
import { SAME_CONTENT, UNSEEN } from './dedupe/dedupe-index.ts';
import type { BackfillPreview, BackfillSums } from './ports.ts';
import {
  COST_DOUBLE,
  EventBatch,
  FAULT,
  ID,
  IN_TEXT,
  IS_CLICK,
  ROW_DOUBLES,
  ROW_WORDS,
  TIME_DOUBLE,
  USER_END,
  USER_START,
} from './scan/event-batch.ts';
import type { Aggregation } from './state/aggregation.ts';

const BATCH_ROWS = 512;
const NEWLINE = 10;

/** Old events with the age up to which they count: a line of JSON, `{"maxAgeMs":…}`, then the events as NDJSON. */
export function encodeBackfill(maxAgeMs: number, events: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ maxAgeMs })}\n`), events]);
}

export function decodeBackfill(body: Uint8Array): { readonly maxAgeMs: number; readonly eventsAt: number } {
  const lineEnd = body.indexOf(NEWLINE);
  const { maxAgeMs } = JSON.parse(Buffer.from(body.subarray(0, lineEnd)).toString()) as { maxAgeMs: number };
  return { maxAgeMs, eventsAt: lineEnd + 1 };
}

/**
 * How old events may be that are filled in, ms: their records must still be held, and an event that was counted before is known
 * as long as its touch is kept.
 */
export function backfillAgeMax({ recordRetentionMs, orders }: PipelineRules): number {
  return Math.min(recordRetentionMs, touchRetentionMs(orders));
}

/** Whether the event of a row was counted before, by its touch: same id, user and time. */
export function wasCounted(
  { touches }: Aggregation,
  batch: EventBatch,
  row: number,
  body: Uint8Array,
): boolean {
  const at = row * ROW_WORDS;
  const { words, doubles } = batch;
  const text = words[at + IN_TEXT] === 0 ? body : batch.text;
  const start = words[at + USER_START];
  const userId = Buffer.from(text.buffer, text.byteOffset + start, words[at + USER_END] - start).toString();
  const time = doubles[row * ROW_DOUBLES + TIME_DOUBLE];
  const eventId = batch.eventId(body, row);
  return touches.touchesOf(userId, time, time).some((touch) => touch.eventId === eventId);
}

/** What filling in `events` at `arrival` would change; changes nothing. */
export function previewBackfill(
  state: Aggregation,
  events: Uint8Array,
  maxAgeMs: number,
  arrival: UnixMs,
): BackfillPreview {
  const scanner = state.makeScanner();
  const batch = new EventBatch(BATCH_ROWS);
  const source = new DataView(events.buffer, events.byteOffset, events.byteLength);
  const seen = new Set<string>();
  const preview = { received: 0, verdicts: noVerdicts(), changes: new Map<string, BackfillSums>() };
  const notCounted: number[] = [];
  for (let at = 0; at < events.length;) {
    batch.clear();
    at = Math.max(scanner.scan(events, 'ndjson', at, batch), 1);
    for (let row = 0; row < batch.count; row++) {
      const verdict = judgeRow(state, batch, row, { events, maxAgeMs, arrival, seen });
      if (verdict === 'counted') addRow(state, batch, row, source, preview.changes);
      else notCounted.push(preview.received);
      preview.received++;
      preview.verdicts[verdict]++;
    }
  }
  return { ...preview, changes: [...preview.changes.values()], notCounted };
}

interface Judging {
  readonly events: Uint8Array;
  readonly maxAgeMs: number;
  readonly arrival: UnixMs;
  /** Ids of the events before. */
  readonly seen: Set<string>;
}

function judgeRow(
  state: Aggregation,
  batch: EventBatch,
  row: number,
  { events, maxAgeMs, arrival, seen }: Judging,
): Verdict {
  const { words, doubles } = batch;
  const at = row * ROW_WORDS;
  if (words[at + FAULT] !== 0) return 'invalid';
  const { horizon, rules } = state.scalars;
  const time = doubles[row * ROW_DOUBLES + TIME_DOUBLE];
  const age = judgeAge(time, arrival, horizon, { ...rules, maxEventAgeMs: maxAgeMs });
  if (age !== 'on_time') return age;
  state.ids.locate(words, Int32Array.of(row), 1);
  const known = state.ids.seen(0);
  if (known !== UNSEEN) return known === SAME_CONTENT ? 'duplicate' : 'conflict';
  const id = words.subarray(at + ID, at + ID + 4).join();
  if (seen.has(id) || wasCounted(state, batch, row, events)) return 'duplicate';
  seen.add(id);
  return 'counted';
}

function addRow(
  { dimensions }: Aggregation,
  { words, doubles, textView }: EventBatch,
  row: number,
  source: DataView,
  changes: Map<string, BackfillSums>,
): void {
  const at = row * ROW_WORDS;
  const text = words[at + IN_TEXT] === 0 ? source : textView;
  const { adId, campaignId, advertiserId, currency } = dimensions.read(words, at, text);
  const day = Math.floor(doubles[row * ROW_DOUBLES + TIME_DOUBLE] / DAY_MS) * DAY_MS;
  const key = JSON.stringify([day, adId, currency]);
  const sums = changes.get(key);
  const isClick = words[at + IS_CLICK];
  const costMicros = BigInt(doubles[row * ROW_DOUBLES + COST_DOUBLE]);
  if (sums === undefined) {
    const events = { impressions: 1 - isClick, clicks: isClick, costMicros };
    changes.set(key, { day, adId, campaignId, advertiserId, currency, ...events });
    return;
  }
  sums.impressions += 1 - isClick;
  sums.clicks += isClick;
  sums.costMicros += costMicros;
}
