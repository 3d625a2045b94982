import { MINUTE_MS } from '../../../src/base/units.ts';

export type Fields = Readonly<Record<string, unknown>>;
export type Side = 'a' | 'b';

/** One thing that arrives at a region; or, with `sync`, the moment at which both regions have heard of all there is. */
export interface Step {
  readonly sync?: true;
  readonly at: Side;
  readonly kind: 'event' | 'order';
  /** When it arrives, ms after the case's time. */
  readonly after: number;
  /** Fields over a valid event or order; a text is sent as it is. */
  readonly value: Fields | string;
  /** The cluster's verdict where it is another than the embedded engine's, and why. */
  readonly cluster?: { readonly verdict: string; readonly why: string };
}

export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Where the cluster does it another way: what the embedded engine must be given to come to the same records, and why. */
  readonly asIf?: { readonly steps: readonly Step[]; readonly why: string };
}

/** Half a minute into a minute: edges are told from it. */
export const MIDDLE_MS = MINUTE_MS / 2;

export type Times = (ms: number) => number;

export const SYNC: Step = { sync: true, at: 'a', kind: 'event', after: 0, value: '' };

/** An event that arrives at `at`, `after` ms after the case's time. */
export function event(at: Side, value: Fields | string, after = 0): Step {
  return { at, kind: 'event', after, value };
}

export function order(at: Side, value: Fields | string, after = 0): Step {
  return { at, kind: 'order', after, value };
}

export function elsewhere(step: Step, verdict: string, why: string): Step {
  return { ...step, cluster: { verdict, why } };
}

/** Identifiers that would break SQL, keys, separators or JSON that is not quoted. */
export const ODD_IDS = [
  'a|b',
  'a\\|b',
  'a\\',
  '\\\\|',
  "it's; DROP TABLE x --",
  '"quoted"',
  "U&'\\001F'",
  'naïve ümlaut 日本語 🦊',
  ' spaces  ',
  '${NAME} %s {{x}}',
  '\\u001f',
  '﷽\u200d\u2028',
];

export const MONEY_MAX = Number.MAX_SAFE_INTEGER;
