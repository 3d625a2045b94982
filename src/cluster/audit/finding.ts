import type { UnixMs } from '../../base/clock.ts';
import type { RecordKind } from '../../union-load/ports.ts';
import type { ReceivedKind } from './topics/verdict-tally.ts';

/** Something that is not as it should be, where it is, and what to do. */
export interface Finding {
  /** Where: `verdicts of a`, `Pinot of b`. */
  readonly place: string;
  /** Of which messages, or records; null where that is not known. */
  readonly kind: ReceivedKind | RecordKind | null;
  /** The region that received the messages, or made the records; null for no one region. */
  readonly region: string | null;
  /** The step of time it is about, Unix ms and ms; null for all of it. */
  readonly start: UnixMs | null;
  readonly stepMs: number | null;
  /** What should be there, and what is. */
  readonly figures: readonly FindingFigure[];
  /** What else is to be said, such as why a store does not answer. */
  readonly detail: string | null;
  readonly advice: string;
}

export interface FindingFigure {
  readonly figure: string;
  readonly expected: bigint;
  readonly found: bigint;
}

/** Two sides as a text: it differs when one of them has moved. */
export function stampOf(figures: readonly FindingFigure[]): string {
  return figures.map(({ figure, expected, found }) => `${figure} ${expected} ${found}`).join(';');
}

/** Those of which the two sides differ. */
export function differing(figures: readonly FindingFigure[]): FindingFigure[] {
  return figures.filter(({ expected, found }) => expected !== found);
}
