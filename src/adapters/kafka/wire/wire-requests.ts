import type { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** A request of Kafka's protocol in one version, and how its answer is read. */
export interface WireRequest<Answer> {
  readonly api: number;
  readonly version: number;
  /** Whether this version has tagged fields. */
  readonly isFlexible: boolean;
  readonly body: Buffer;
  readonly read: (answer: WireReader) => Answer;
}

export interface WirePartition {
  readonly topic: string;
  readonly partition: number;
}

const LIST_OFFSETS = 2;
const API_VERSIONS = 18;
export const DESCRIBE_TRANSACTIONS = 65;
export const LIST_TRANSACTIONS = 66;

const LATEST = -1n;
const CLIENT_REPLICA = -1;
const READ_UNCOMMITTED = 0;

export interface WireOffset extends WirePartition {
  readonly error: number;
  readonly offset: bigint;
}

/** The end of each partition, behind everything that has been written, committed or not. */
export function listEnds(partitions: readonly WirePartition[]): WireRequest<WireOffset[]> {
  const body = new WireWriter().int32(CLIENT_REPLICA).int8(READ_UNCOMMITTED);
  const byTopic = [...Map.groupBy(partitions, ({ topic }) => topic)];
  body.array(byTopic, ([topic, own]) =>
    body.string(topic).array(own, ({ partition }) => body.int32(partition).int64(LATEST)),
  );
  return {
    api: LIST_OFFSETS,
    version: 2,
    isFlexible: false,
    body: body.bytes(),
    read: (answer) => {
      answer.int32();
      return answer
        .array(() => {
          const topic = answer.string();
          return answer.array(() => {
            const partition = answer.int32();
            const error = answer.int16();
            answer.int64();
            return { topic, partition, error, offset: answer.int64() };
          });
        })
        .flat();
    },
  };
}

export interface ListedTransactions {
  readonly error: number;
  readonly ids: string[];
}

/** Ids of the transactions of a state that a broker coordinates. */
export function listTransactions(state: string): WireRequest<ListedTransactions> {
  const body = new WireWriter();
  body.compactArray([state], (one) => body.compactString(one));
  body.compactArray([], () => undefined).noTags();
  return {
    api: LIST_TRANSACTIONS,
    version: 0,
    isFlexible: true,
    body: body.bytes(),
    read: (answer) => {
      answer.int32();
      const error = answer.int16();
      answer.compactArray(() => answer.compactString());
      const ids = answer.compactArray(() => {
        const id = answer.compactString();
        answer.int64();
        answer.compactString();
        answer.skipTags();
        return id;
      });
      return { error, ids };
    },
  };
}

export interface DescribedTransaction {
  readonly error: number;
  readonly id: string;
  readonly state: string;
  /** Unix ms; below 0 when none is open. */
  readonly startedAt: bigint;
  readonly partitions: readonly WirePartition[];
}

export function describeTransactions(ids: readonly string[]): WireRequest<DescribedTransaction[]> {
  const body = new WireWriter();
  body.compactArray(ids, (id) => body.compactString(id)).noTags();
  return {
    api: DESCRIBE_TRANSACTIONS,
    version: 0,
    isFlexible: true,
    body: body.bytes(),
    read: (answer) => {
      answer.int32();
      return answer.compactArray(() => readTransaction(answer));
    },
  };
}

function readTransaction(answer: WireReader): DescribedTransaction {
  const error = answer.int16();
  const id = answer.compactString();
  const state = answer.compactString();
  // Its timeout, its producer and the epoch of that stand around the start.
  answer.int32();
  const startedAt = answer.int64();
  answer.int64();
  answer.int16();
  const topics = answer.compactArray(() => {
    const topic = answer.compactString();
    const partitions = answer.compactArray(() => answer.int32());
    answer.skipTags();
    return partitions.map((partition) => ({ topic, partition }));
  });
  answer.skipTags();
  return { error, id, state, startedAt, partitions: topics.flat() };
}

/** The newest version that a broker knows of each request, by the request's number. */
export function apiVersions(): WireRequest<Map<number, number>> {
  return {
    api: API_VERSIONS,
    version: 0,
    isFlexible: false,
    body: Buffer.alloc(0),
    read: (answer) => {
      answer.int16();
      return new Map(
        answer.array(() => {
          const api = answer.int16();
          answer.int16();
          return [api, answer.int16()] as const;
        }),
      );
    },
  };
}
