import type { Delivery } from './failover.ts';

/** A region has said what became of it. */
export interface Answered<Verdict extends string> {
  readonly status: 'answered';
  /** The eventId or orderId. */
  readonly id: string;
  /** `unknown` when the region's answer had no room for it: see `limits.problemsPerRequest`. */
  readonly verdict: Verdict | 'unknown';
  /** Why it was not counted; null where it was. */
  readonly message: string | null;
  /** Address of the region that answered. */
  readonly region: string;
  /** How often the same bytes had to go out again. */
  readonly resends: number;
  /** Attempts whose answer was lost: where there are any, `duplicate` most likely means that one of them was counted. */
  readonly answersLost: number;
}

/** Why nothing was sent, or no answer came. */
export type DropReason = 'invalid' | 'queue_full' | 'closed' | 'refused' | 'gave_up';

/** No region has said what became of it. */
export interface Dropped {
  readonly status: 'dropped';
  /** The eventId or orderId; null where it had none that can be read. */
  readonly id: string | null;
  /**
   * `invalid`: never sent, `message` says what is wrong with it; `queue_full`; `closed`: the client was closed before it was
   * sent; `refused`: every region says no; `gave_up`: no answer in `giveUpAfterMs`, or before the end of `close`. After
   * `gave_up` it may have been counted: it is safe to send `line` again.
   */
  readonly reason: DropReason;
  /** The code of a refusal or a failure, as in docs/reference/errors.md; else the reason. */
  readonly code: string;
  readonly message: string;
  /** What would have been sent, one line of JSON; empty where it could not be written. */
  readonly line: string;
}

/** What became of an event or order; exactly one each. */
export type Outcome<Verdict extends string> = Answered<Verdict> | Dropped;

/** The answer to a request, of events or of orders. */
export interface Receipt {
  readonly received: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly problems: readonly {
    readonly index: number;
    readonly verdict: string;
    readonly message: string;
  }[];
}

/** The receipt that an answer is; undefined when it is none. */
export function readReceipt(answer: Uint8Array): Receipt | undefined {
  try {
    const receipt = JSON.parse(new TextDecoder().decode(answer)) as Partial<Receipt> | null;
    const { received, verdicts, problems } = receipt ?? {};
    const isReceipt = typeof received === 'number' && typeof verdicts === 'object' && Array.isArray(problems);
    return isReceipt ? (receipt as Receipt) : undefined;
  } catch {
    return undefined;
  }
}

/** The outcomes of a request by the position of what was in it, from 0. `good` is the verdict of what has no problem. */
export function readOutcomes<Verdict extends string>(
  { receipt, url, resends, answersLost }: Delivery<Receipt> & { readonly ok: true },
  ids: readonly string[],
  good: Verdict,
): Answered<Verdict>[] {
  const problems = new Map(receipt.problems.map((problem) => [problem.index, problem]));
  const isWhole = receipt.verdicts[good] + problems.size === ids.length;
  const only = Object.entries(receipt.verdicts).find(([, count]) => count === ids.length)?.[0];
  return ids.map((id, index) => {
    const problem = problems.get(index);
    const verdict = (problem?.verdict ?? only ?? (isWhole ? good : 'unknown')) as Verdict | 'unknown';
    const message = problem?.message ?? null;
    return { status: 'answered', id, verdict, message, region: url, resends, answersLost };
  });
}
