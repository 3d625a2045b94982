import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { askBroker } from '../../../src/adapters/kafka/wire/wire-connection.ts';
import { fetchBatches, firstCommitted } from '../../../src/adapters/kafka/wire/wire-fetch.ts';
import { WireReader } from '../../../src/adapters/kafka/wire/wire-reader.ts';
import { describeTransactions, listEnds } from '../../../src/adapters/kafka/wire/wire-requests.ts';
import { WireWriter } from '../../../src/adapters/kafka/wire/wire-writer.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

/** A broker that answers each request with `answer`, in pieces; resolves to its address. */
async function broker(answer: (request: Buffer) => Buffer): Promise<string> {
  server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (request) => {
      const bytes = answer(request as Buffer);
      for (let at = 0; at < bytes.length; at += 3) socket.write(bytes.subarray(at, at + 3));
    });
  });
  const listening = server;
  await new Promise<void>((resolve) => {
    listening.listen(0, '127.0.0.1', resolve);
  });
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

function framed(body: WireWriter): Buffer {
  return Buffer.concat([new WireWriter().int32(body.bytes().length).bytes(), body.bytes()]);
}

interface Batch {
  readonly first: bigint;
  readonly count: number;
  readonly attributes: number;
  readonly producer: bigint;
}

function batchOf({ first, count, attributes, producer }: Batch): Buffer {
  const body = new WireWriter()
    .int32(0)
    .int8(2)
    .int32(0)
    .int16(attributes)
    .int32(count - 1);
  body.int64(0n).int64(0n).int64(producer).int16(0).int32(0).int32(count).string('records');
  return Buffer.concat([new WireWriter().int64(first).int32(body.bytes().length).bytes(), body.bytes()]);
}

test('lengths of compact texts and lists are written and read as Kafka has them', () => {
  const long = 'x'.repeat(200);
  const writer = new WireWriter().compactString('ab').compactString(long);
  writer.compactArray([1, 2], (one) => writer.int32(one)).noTags();
  const bytes = writer.bytes();
  expect([...bytes.subarray(0, 3)]).toEqual([3, 97, 98]);
  // 201 in seven bits at a time, the lower ones first.
  expect([...bytes.subarray(3, 5)]).toEqual([0b1100_1001, 1]);
  const reader = new WireReader(bytes);
  expect([reader.compactString(), reader.compactString()]).toEqual(['ab', long]);
  expect(reader.compactArray(() => reader.int32())).toEqual([1, 2]);
  reader.skipTags();
  expect(() => reader.int16()).toThrow(RangeError);
});

describe('a broker is asked', () => {
  test('in its words, and its answer is read whatever pieces it comes in', async () => {
    let heard: Buffer = Buffer.alloc(0);
    const answer = new WireWriter().int32(1).noTags().int32(0);
    answer.compactArray(['t-1'], (id) => {
      answer.int16(0).compactString(id).compactString('Ongoing').int32(900_000).int64(7n).int64(3n).int16(18);
      answer.compactArray(['a.clean'], (topic) => {
        answer.compactString(topic).compactArray([0, 1], (partition) => answer.int32(partition));
        // Two fields that nobody here knows.
        answer.uvarint(2).uvarint(0).uvarint(4).int32(-1).uvarint(9).uvarint(0);
      });
      answer.noTags();
    });
    const address = await broker((request) => {
      heard = request;
      return framed(answer);
    });
    expect(await askBroker(address, 'me', describeTransactions(['t-1']))).toEqual([
      {
        error: 0,
        id: 't-1',
        state: 'Ongoing',
        startedAt: 7n,
        partitions: [
          { topic: 'a.clean', partition: 0 },
          { topic: 'a.clean', partition: 1 },
        ],
      },
    ]);
    // Length; api, version, number, client, no tags; one id, no tags.
    const header = ['00000013', '0041', '0000', '00000001', '0002', '6d65', '00'];
    expect(heard.toString('hex')).toBe([...header, '02', '04742d31', '00'].join(''));
  });

  test('for the next batches of a partition, of which the last one may be cut off', async () => {
    const records = Buffer.concat([
      batchOf({ first: 5n, count: 3, attributes: 0b1_0001, producer: 7n }),
      batchOf({ first: 8n, count: 1, attributes: 0b11_0000, producer: 7n }),
      batchOf({ first: 9n, count: 2, attributes: 0, producer: -1n }),
      batchOf({ first: 11n, count: 2, attributes: 0, producer: -1n }).subarray(0, 40),
    ]);
    const answer = new WireWriter().int32(0).int32(0);
    answer.array(['t'], (topic) =>
      answer
        .string(topic)
        .array([0], (partition) => answer.int32(partition).int16(0).int64(99n).int64(13n).int32(-1)),
    );
    const head = new WireWriter().int32(records.length).bytes();
    const bytes = Buffer.concat([answer.bytes(), head, records]);
    const address = await broker(() => Buffer.concat([new WireWriter().int32(bytes.length).bytes(), bytes]));
    const found = await askBroker(address, 'me', fetchBatches({ topic: 't', partition: 0, offset: 6n }));
    expect(found).toMatchObject({ error: 0, lastStable: 13n, aborted: [] });
    expect(found.batches.map(({ first, last, isControl }) => [first, last, isControl])).toEqual([
      [5n, 7n, false],
      [8n, 8n, true],
      [9n, 10n, false],
    ]);
    expect(firstCommitted(found, 7n)?.first).toBe(5n);
    expect(firstCommitted(found, 8n)?.first).toBe(9n);
    // Aborted until the end of that transaction.
    expect(firstCommitted({ ...found, aborted: [{ producer: 7n, first: 2n }] }, 5n)?.first).toBe(9n);
    expect(firstCommitted({ ...found, aborted: [{ producer: 8n, first: 2n }] }, 5n)?.first).toBe(5n);
    expect(firstCommitted(found, 11n)).toBeUndefined();
  });

  test('for the ends of partitions by topic', () => {
    const { body } = listEnds([
      { topic: 't', partition: 0 },
      { topic: 'u', partition: 2 },
      { topic: 't', partition: 1 },
    ]);
    const end = 'ffffffffffffffff';
    const parts = ['ffffffff', '00', '00000002', '000174', '00000002', '00000000', end, '00000001', end];
    expect(body.toString('hex')).toBe([...parts, '000175', '00000001', '00000002', end].join(''));
  });
});
