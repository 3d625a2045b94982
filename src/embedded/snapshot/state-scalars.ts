import type { UnixMs } from '../../base/clock.ts';
import type { Hearing, Horizon } from '../../pipeline/aggregation.ts';
import type { PipelineRules } from '../../pipeline/pipeline-rules.ts';
import type { BlockMarks } from '../peer/marks.ts';
import type { CellSums } from '../ports.ts';
import type { Aggregation } from '../state/aggregation.ts';
import type { AttributionDump } from '../state/attribution.ts';
import type { YieldedSums } from '../peer/peer-events.ts';
import type { RetiredMinute } from '../state/retired-changes.ts';

/** Values of the state that are neither ids, cells nor counters. */
export interface StateScalars {
  /** The last log block that is part of the state. */
  block: number;
  /** Latest arrival seen, Unix ms. */
  latestArrival: number;
  horizon: Horizon;
  /** Number of the last change of a cell. */
  change: number;
  rules: PipelineRules;
  /** Latest settled time, Unix ms: see settledTime. */
  settled: number;
  peer: PeerScalars;
}

/** How far the peer has been heard. */
export interface PeerScalars extends Hearing {
  /** Data id of its data directory; empty before the first page. */
  readonly data: string;
  /** What came of its blocks up to this one has been taken in. */
  readonly block: number;
  /** Blocks that were gone there before they were taken in. */
  readonly blocksMissed: number;
}

/** All of a state that is not ids, dimensions, cells, counters or quarantine, as JSON. */
export function dumpScalars(state: Aggregation): unknown {
  const { retired, retiredBefore, retiredChanges } = state.cells;
  const { impressions, clicks, costMicros } = state.sums;
  return {
    ...state.scalars,
    orders: state.attribution.dumpScalars(),
    touchesExpiredBefore: state.touches.expiredBefore,
    marks: state.marks.between(0, state.scalars.block),
    yielded: { ...state.peerEvents.yielded, costMicros: String(state.peerEvents.yielded.costMicros) },
    sums: { impressions, clicks, costMicros: String(costMicros) },
    retired: {
      ...retired,
      costMicros: String(retired.costMicros),
      before: retiredBefore,
      changes: retiredChanges.dump(),
    },
  };
}

/** Takes over what dumpScalars() gave, and drops what was over at that time. */
export function loadScalars(state: Aggregation, dump: unknown): void {
  const { orders, sums, retired, touchesExpiredBefore, marks, yielded, ...scalars } = dump as StateScalars & {
    orders: AttributionDump;
    marks: readonly BlockMarks[];
    yielded: Omit<YieldedSums, 'costMicros'> & { costMicros: string };
    touchesExpiredBefore?: UnixMs;
    sums: { impressions: number; clicks: number; costMicros: string };
    retired: Omit<CellSums, 'costMicros'> & {
      costMicros: string;
      before: number;
      changes: readonly RetiredMinute[];
    };
  };
  Object.assign(state.scalars, scalars);
  state.setRules(scalars.rules);
  state.marks.load(marks);
  Object.assign(state.peerEvents.yielded, { ...yielded, costMicros: BigInt(yielded.costMicros) });
  state.attribution.loadScalars(orders);
  state.touches.loadExpired(touchesExpiredBefore ?? 0);
  state.sums.load({ ...sums, costMicros: BigInt(sums.costMicros) });
  const { before, changes, ...retiredSums } = retired;
  state.cells.loadRetired(before, { ...retiredSums, costMicros: BigInt(retired.costMicros) }, changes);
  state.ids.forgetThrough(scalars.horizon.forgottenGeneration);
}
