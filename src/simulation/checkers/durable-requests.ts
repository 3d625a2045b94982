import { keyOf, type RequestLedger } from '../request-ledger.ts';
import { expectThat, type Checker } from './checker.ts';

/** What was acknowledged is in the log, once for each acknowledgement; nothing is there more often than it was sent. */
export function durableRequests(): Checker {
  return {
    name: 'acknowledged requests are in the log, and none more often than it was sent',
    atRest: ({ truth, ledger, orderLedger, answerLedger }) => {
      expectLogged(bodiesOf(truth.requests), ledger);
      expectLogged(bodiesOf(truth.orders.requests), orderLedger);
      expectLogged(truth.orders.answers, answerLedger);
    },
  };
}

function bodiesOf(requests: readonly { readonly body: Uint8Array }[]): Uint8Array[] {
  return requests.map(({ body }) => body);
}

function expectLogged<Receipt>(bodies: readonly Uint8Array[], ledger: RequestLedger<Receipt>): void {
  const logged = new Map<string, number>();
  for (const body of bodies) logged.set(keyOf(body), (logged.get(keyOf(body)) ?? 0) + 1);
  for (const { body, sends, receipts } of ledger.requests()) {
    const times = logged.get(keyOf(body)) ?? 0;
    const text = Buffer.from(body).toString().slice(0, 200);
    expectThat(
      times >= receipts.length,
      () => `acknowledged ${receipts.length} times, but ${times} times in the log: ${text}`,
    );
    expectThat(times <= sends, () => `sent ${sends} times, but ${times} times in the log: ${text}`);
  }
  for (const body of bodies) {
    expectThat(ledger.find(body) !== undefined, () => `in the log, but never sent: ${keyOf(body)}`);
  }
}
