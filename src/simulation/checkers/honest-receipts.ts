import type { OrderReceipt } from '../../model/order-receipt.ts';
import { ORDER_VERDICTS } from '../../model/order-verdict.ts';
import { VERDICTS, type IngestReceipt } from '../../model/verdict.ts';
import { keyOf, type RequestLedger } from '../request-ledger.ts';
import { expectThat, type Checker } from './checker.ts';

/** Every receipt says what the oracle says of that request's place in the log. `problemsMax`: how many a receipt lists. */
export function honestReceipts(problemsMax: number): Checker {
  return {
    name: 'receipts are true',
    atRest: ({ truth, ledger, orderLedger }) => {
      const events = truth.requests.map(({ body, receipt }) => ({
        body,
        receipt: expectedReceipt(
          VERDICTS,
          receipt.perEvent.map(({ eventId: id, ...judged }) => ({ id, ...judged })),
          problemsMax,
        ),
      }));
      expectReceipts(events, ledger, givenReceipt);
      const orders = truth.orders.requests.map(({ body, perOrder }) => ({
        body,
        receipt: expectedReceipt(
          ORDER_VERDICTS,
          perOrder.map(({ orderId: id, ...judged }) => ({ id, ...judged })),
          problemsMax,
        ),
      }));
      expectReceipts(orders, orderLedger, givenOrderReceipt);
    },
  };
}

interface Judged {
  readonly id: string | null;
  readonly verdict: string;
  readonly code: string;
}

/** `expected`: the requests of the log, each with the receipt, as text, that its sender had to get. */
function expectReceipts<Receipt>(
  expected: readonly { readonly body: Uint8Array; readonly receipt: string }[],
  ledger: RequestLedger<Receipt>,
  textOf: (receipt: Receipt) => string,
): void {
  const byBody = new Map<string, string[]>();
  for (const { body, receipt } of expected) {
    byBody.set(keyOf(body), [...(byBody.get(keyOf(body)) ?? []), receipt]);
  }
  for (const { body, receipts } of ledger.requests()) {
    // One body may be in the log several times: each receipt must be that of another place.
    const left = [...(byBody.get(keyOf(body)) ?? [])];
    for (const receipt of receipts.map(textOf)) {
      const found = left.indexOf(receipt);
      expectThat(
        found !== -1,
        () => `a receipt that is not true: ${receipt}\n  true would be one of ${left.join('\n  ')}`,
      );
      left.splice(found, 1);
    }
  }
}

/** The first of `names` is the verdict of what is as it should be: no problem. */
function expectedReceipt(names: readonly string[], judged: readonly Judged[], problemsMax: number): string {
  const counts = names.map((name) => judged.filter(({ verdict }) => verdict === name).length);
  const problems = judged
    .map(({ id, verdict, code }, index) => ({ index, id, verdict, code }))
    .filter(({ verdict }) => verdict !== names[0]);
  return JSON.stringify([judged.length, counts, problems.slice(0, problemsMax)]);
}

function givenReceipt({ received, verdicts, problems }: IngestReceipt): string {
  const shown = problems.map(({ index, eventId: id, verdict, code }) => ({ index, id, verdict, code }));
  return JSON.stringify([received, VERDICTS.map((verdict) => verdicts[verdict]), shown]);
}

function givenOrderReceipt({ received, verdicts, problems }: OrderReceipt): string {
  const shown = problems.map(({ index, orderId: id, verdict, code }) => ({ index, id, verdict, code }));
  return JSON.stringify([received, ORDER_VERDICTS.map((verdict) => verdicts[verdict]), shown]);
}
