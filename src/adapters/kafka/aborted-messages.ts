import { createRequire } from 'node:module';

/** A partition in an answer of Kafka, as kafkajs decodes it. */
interface FetchedPartition {
  readonly messages: readonly FetchedMessage[];
  abortedTransactions: readonly AbortedTransaction[] | null;
}

interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  /** Such messages are passed over and given to nobody. */
  isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

interface FetchResponse {
  decode: (bytes: Buffer) => Promise<{ readonly responses: readonly FetchedTopic[] }>;
}

interface FetchedTopic {
  readonly partitions: readonly FetchedPartition[];
}

/** The versions of answers that name aborted transactions. */
const VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11];
const ABORT_MARKER = Buffer.from([0, 0, 0, 0]);

/**
 * Hides aborted messages right as they come. kafkajs hides them itself, but takes the aborted transactions to be listed as they
 * began, and one for each message; Kafka lists them as they ended. So of two producers that wrote to a partition at the same time,
 * one could be read that never committed.
 */
export function hideAbortedMessages(): void {
  const load = createRequire(import.meta.url);
  for (const version of VERSIONS) {
    const response = load(`kafkajs/src/protocol/requests/fetch/v${version}/response.js`) as FetchResponse;
    const { decode } = response;
    response.decode = async (bytes) => {
      const answer = await decode(bytes);
      for (const { partitions } of answer.responses)
        for (const partition of partitions) hideAborted(partition);
      return answer;
    };
  }
}

/** Marks the messages of aborted transactions as none for readers; they still count as read. */
export function hideAborted(partition: FetchedPartition): void {
  const begins = (partition.abortedTransactions ?? [])
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  if (begins.length === 0) return;
  const aborted = new Set<string>();
  let next = 0;
  for (const message of partition.messages) {
    const offset = BigInt(message.offset);
    for (; next < begins.length && begins[next].firstOffset <= offset; next++)
      aborted.add(begins[next].producerId);
    const { producerId, inTransaction } = message.batchContext;
    if (message.isControlRecord) {
      if (message.key !== null && ABORT_MARKER.equals(message.key)) aborted.delete(producerId);
    } else if (inTransaction && aborted.has(producerId)) message.isControlRecord = true;
  }
  partition.abortedTransactions = [];
}
