import type { IngestReceipt } from '../model/verdict.ts';

/** Everything that clients know of the requests with one body. */
export interface RequestRecord<Receipt = IngestReceipt> {
  readonly body: Uint8Array;
  /** How often it was sent, not counting those that were refused as a whole. */
  sends: number;
  /** The receipts its senders got. */
  readonly receipts: Receipt[];
}

/** What clients sent, and what they were told: the promises the region is held to. */
export class RequestLedger<Receipt = IngestReceipt> {
  readonly #requests = new Map<string, RequestRecord<Receipt>>();

  sent(body: Uint8Array): void {
    this.#recordOf(body).sends++;
  }

  /** The region refused the request and said that nothing of it was counted. */
  refused(body: Uint8Array): void {
    this.#recordOf(body).sends--;
  }

  acknowledged(body: Uint8Array, receipt: Receipt): void {
    this.#recordOf(body).receipts.push(receipt);
  }

  requests(): IterableIterator<RequestRecord<Receipt>> {
    return this.#requests.values();
  }

  /** The record of a body that was found in the log; undefined when nobody sent it. */
  find(body: Uint8Array): RequestRecord<Receipt> | undefined {
    return this.#requests.get(keyOf(body));
  }

  get acknowledgements(): number {
    return [...this.#requests.values()].reduce((sum, { receipts }) => sum + receipts.length, 0);
  }

  #recordOf(body: Uint8Array): RequestRecord<Receipt> {
    const key = keyOf(body);
    const record: RequestRecord<Receipt> = this.#requests.get(key) ?? { body, sends: 0, receipts: [] };
    this.#requests.set(key, record);
    return record;
  }
}

/** Equal for equal bytes, whatever they are. */
export function keyOf(body: Uint8Array): string {
  return Buffer.from(body).toString('latin1');
}
