import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openKafkaReader } from '../../../src/adapters/kafka/kafka-reader.ts';

/**
 * `node closing-readers.ts HOST:PORT TOPIC COUNT SPREAD-MS`: opens readers, says so, and once somebody writes to it closes them, one
 * after the other over that time. Nothing of its own keeps the process then.
 */
const [, , broker, topic, count, spreadMs] = process.argv;
const readers = await Promise.all(
  Array.from({ length: Number(count) }, () =>
    openKafkaReader(
      { brokers: [broker], clientId: 'closing' },
      { topics: [topic], take: () => Promise.resolve(), onFailure: () => undefined },
    ),
  ),
);
process.stdout.write('open\n');
await once(process.stdin, 'data');
await Promise.all(
  readers.map(async (reader, n) => {
    await sleep((n / readers.length) * Number(spreadMs));
    await reader.close();
  }),
);
process.stdout.write('closed\n');
process.stdin.destroy();
