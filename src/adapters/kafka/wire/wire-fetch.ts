import type { NextOffset } from '../../../cluster/kafka/ports.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireRequest } from './wire-requests.ts';
import { WireWriter } from './wire-writer.ts';

const FETCH = 1;
const CLIENT_REPLICA = -1;
const READ_COMMITTED = 1;
/** Kafka gives one batch at least, however large. */
const FEW_BYTES = 4096;

/** Bits of a batch's attributes. */
const TRANSACTIONAL = 0b1_0000;
const CONTROL = 0b10_0000;
/** Leader epoch, magic and checksum stand between a batch's length and its attributes, two times between those and its producer. */
const BEFORE_ATTRIBUTES = 9;
const TIMES = 16;
const PRODUCER_END = BEFORE_ATTRIBUTES + 2 + 4 + TIMES + 8;

export interface WireBatch {
  readonly first: bigint;
  readonly last: bigint;
  readonly producer: bigint;
  readonly isTransactional: boolean;
  /** The end of a transaction, no message. */
  readonly isControl: boolean;
}

/** What there is of a partition for readers of committed messages, from an offset on: which batches, not what is in them. */
export interface WireBatches {
  readonly error: number;
  readonly lastStable: bigint;
  readonly aborted: readonly { readonly producer: bigint; readonly first: bigint }[];
  readonly batches: readonly WireBatch[];
}

/** The next batches of a partition. */
export function fetchBatches({ topic, partition, offset }: NextOffset): WireRequest<WireBatches> {
  const body = new WireWriter().int32(CLIENT_REPLICA).int32(0).int32(0).int32(FEW_BYTES).int8(READ_COMMITTED);
  body.array([topic], (name) =>
    body.string(name).array([partition], (one) => body.int32(one).int64(offset).int32(FEW_BYTES)),
  );
  return {
    api: FETCH,
    version: 4,
    isFlexible: false,
    body: body.bytes(),
    read: (answer) => {
      answer.int32();
      const [found] = answer
        .array(() => {
          answer.string();
          return answer.array(() => readPartition(answer));
        })
        .flat();
      return found;
    },
  };
}

function readPartition(answer: WireReader): WireBatches {
  answer.int32();
  const error = answer.int16();
  answer.int64();
  const lastStable = answer.int64();
  const aborted = answer.array(() => ({ producer: answer.int64(), first: answer.int64() }));
  return { error, lastStable, aborted, batches: readBatches(answer.bytes()) };
}

/** The last batch may be cut off anywhere. */
function readBatches(records: WireReader): WireBatch[] {
  const batches: WireBatch[] = [];
  while (records.left >= 12) {
    const first = records.int64();
    const length = records.int32();
    if (records.left < length) break;
    records.skip(BEFORE_ATTRIBUTES);
    const attributes = records.int16();
    const last = first + BigInt(records.int32());
    records.skip(TIMES);
    const producer = records.int64();
    records.skip(length - PRODUCER_END);
    batches.push({
      first,
      last,
      producer,
      isTransactional: (attributes & TRANSACTIONAL) !== 0,
      isControl: (attributes & CONTROL) !== 0,
    });
  }
  return batches;
}

/** The first of the batches that has committed messages at `from` or later; undefined when none has. */
export function firstCommitted({ aborted, batches }: WireBatches, from: bigint): WireBatch | undefined {
  // Kafka lists them as they ended.
  const begins = aborted.toSorted((a, b) => (a.first < b.first ? -1 : 1));
  const aborting = new Set<bigint>();
  let next = 0;
  for (const batch of batches) {
    for (; next < begins.length && begins[next].first <= batch.first; next++)
      aborting.add(begins[next].producer);
    if (batch.isControl) aborting.delete(batch.producer);
    else if (batch.last >= from && !(batch.isTransactional && aborting.has(batch.producer))) return batch;
  }
  return undefined;
}
