import { VERDICTS, type IngestReceipt, type VerdictCounts } from '../../model/verdict.ts';
import type { OracleReceipt } from '../../oracle/counting-oracle.ts';
import { keyOf } from '../request-ledger.ts';
import { expectThat, type Checker } from './checker.ts';

/** Every receipt says what the oracle says of that request's place in the log. `problemsMax`: how many a receipt lists. */
export function honestReceipts(problemsMax: number): Checker {
  return {
    name: 'receipts are true',
    atRest: ({ truth, ledger }) => {
      const expected = new Map<string, string[]>();
      for (const { body, receipt } of truth.requests) {
        const receipts = expected.get(keyOf(body)) ?? [];
        expected.set(keyOf(body), [...receipts, expectedReceipt(receipt, problemsMax)]);
      }
      for (const { body, receipts } of ledger.requests()) {
        // One body may be in the log several times: each receipt must be that of another place.
        const left = [...(expected.get(keyOf(body)) ?? [])];
        for (const receipt of receipts) {
          const found = left.indexOf(givenReceipt(receipt));
          expectThat(
            found !== -1,
            () =>
              `a receipt that is not true: ${givenReceipt(receipt)}\n  true would be one of ${left.join('\n  ')}`,
          );
          left.splice(found, 1);
        }
      }
    },
  };
}

function expectedReceipt({ received, verdicts, perEvent }: OracleReceipt, problemsMax: number): string {
  const problems = perEvent
    .map(({ verdict, code, eventId }, index) => ({ index, eventId, verdict, code }))
    .filter(({ verdict }) => verdict !== 'counted');
  return JSON.stringify([received, inOrder(verdicts), problems.slice(0, problemsMax)]);
}

function givenReceipt({ received, verdicts, problems }: IngestReceipt): string {
  const shown = problems.map(({ index, eventId, verdict, code }) => ({ index, eventId, verdict, code }));
  return JSON.stringify([received, inOrder(verdicts), shown]);
}

function inOrder(verdicts: VerdictCounts): number[] {
  return VERDICTS.map((verdict) => verdicts[verdict]);
}
