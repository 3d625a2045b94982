import { AdtallyError } from '../base/errors.ts';
import { formatDuration } from '../base/units.ts';
import type { PipelineRules } from '../pipeline/pipeline-rules.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { backfillAgeMax } from './backfill.ts';
import type { Aggregation } from './state/aggregation.ts';

const RETRY_AFTER_SECONDS = 1;

/** Bytes and events that have been accepted but are not answered yet. */
export interface Waiting {
  readonly bytes: number;
  readonly events: number;
}

/** Throws AdtallyError bad_request for an age up to which events could not be told from those counted before. */
export function checkBackfillAge(maxAgeMs: number, rules: PipelineRules): void {
  const most = backfillAgeMax(rules);
  if (maxAgeMs > 0 && maxAgeMs <= most) return;
  throw new AdtallyError(
    'bad_request',
    `Events of up to ${formatDuration(maxAgeMs)} cannot be filled in; at most ${formatDuration(most)}: as long as records and touches are kept.`,
  );
}

/** Refuses what there is no room for, before it takes any. Throws AdtallyError overloaded or capacity. */
export function refuseWhenFull(
  { bytes, events }: Waiting,
  waiting: Waiting,
  { touches, ids, cells, attribution }: Aggregation,
  { orders, pendingBytes, records, rememberedIds, touchMemory }: PipelineSpec['limits'],
): void {
  const retry = { retryAfterSeconds: RETRY_AFTER_SECONDS };
  if (waiting.bytes > 0 && waiting.bytes + bytes > pendingBytes) {
    throw new AdtallyError(
      'overloaded',
      `${waiting.bytes} bytes wait to be counted; at most ${pendingBytes} may.`,
      retry,
    );
  }
  if (touches.isFull) {
    throw new AdtallyError(
      'overloaded',
      `Touches take limits.touchMemory, ${touchMemory} bytes, and are being written to the disk.`,
      retry,
    );
  }
  const most = waiting.events + events;
  if (ids.size + most > rememberedIds) {
    throw new AdtallyError('capacity', `limits.rememberedIds, ${rememberedIds}, is reached.`);
  }
  if (cells.count + most > records) {
    throw new AdtallyError('capacity', `limits.records, ${records}, is reached.`);
  }
  if (attribution.count + most > orders) {
    throw new AdtallyError('capacity', `limits.orders, ${orders}, is reached.`);
  }
}
