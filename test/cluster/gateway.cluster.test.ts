import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openKafkaAdmin } from '../../src/adapters/kafka/kafka-admin.ts';
import { openKafkaReader } from '../../src/adapters/kafka/kafka-reader.ts';
import { topicsOf } from '../../src/cluster/render/topics.ts';
import { applyTopics } from '../../src/cluster/topics/apply-topics.ts';
import { resolveSpec } from '../../src/pipeline/pipeline-spec.ts';
import { Workplace } from '../cli/adtally-process.ts';
import { events } from '../server/server-fixture.ts';
import { KafkaBroker } from './kafka/kafka-broker.ts';

/** Sends the same body to one gateway after the other until one takes it. */
async function sendUntilTaken(urls: readonly string[], body: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    try {
      const answer = await fetch(`${urls[attempt % urls.length]}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(15_000),
      });
      await answer.arrayBuffer();
      if (answer.ok) return;
      expect([429, 503]).toContain(answer.status);
    } catch (error) {
      if ((error as Error).name === 'AssertionError') throw error;
    }
    await sleep(50);
  }
  throw new Error('No gateway took the body.');
}

test(
  'what two gateways acknowledged is in Kafka, though a gateway and the broker are killed',
  { timeout: 120_000 },
  async () => {
    const broker = await KafkaBroker.start();
    const workplace = new Workplace();
    try {
      const address = { brokers: [broker.address], clientId: 'test' };
      const spec = resolveSpec({}, { environment: {}, flags: {} });
      const admin = await openKafkaAdmin(address);
      await applyTopics(admin, topicsOf('a', spec, { brokers: 1, partitions: 3 }));
      expect((await applyTopics(admin, topicsOf('a', spec, { brokers: 1, partitions: 3 }))).steps).toEqual(
        [],
      );
      const args = ['gateway', '--kafka', broker.address, '--port', '0'];
      const gateways = [
        await workplace.start<{ url: string }>(args),
        await workplace.start<{ url: string }>(args),
      ];
      const urls = gateways.map(({ first }) => first.url);

      const acknowledged: string[] = [];
      const over = new AbortController();
      const client = async (): Promise<void> => {
        while (!over.signal.aborted) {
          const batch = events(100);
          await sendUntilTaken(urls, JSON.stringify(batch));
          acknowledged.push(...batch.map(({ eventId }) => String(eventId)));
        }
      };
      const clients = [client(), client(), client()];
      await sleep(2000);
      gateways[0].signal('SIGKILL');
      await sleep(1000);
      await broker.signal('SIGKILL');
      await broker.startAgain();
      await sleep(3000);
      over.abort();
      await Promise.all(clients);

      const found = new Set<string>();
      const read: bigint[] = [];
      const reader = await openKafkaReader(address, {
        topics: ['a.events'],
        take: (taken) => {
          read.push(...taken.map(({ offset }) => offset));
          for (const { key } of taken) found.add(Buffer.from(key!).toString());
          return Promise.resolve();
        },
        onFailure: () => {},
      });
      const end = (await admin.offsets('a.events')).reduce((sum, { lastStable }) => sum + lastStable, 0n);
      for (let wait = 0; wait < 200 && read.length < Number(end); wait++) await sleep(50);
      await reader.close();
      await admin.close();
      expect(read).toHaveLength(Number(end));
      expect(acknowledged.length).toBeGreaterThan(1000);
      expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
      console.log(`acknowledged ${acknowledged.length}, messages ${read.length}, different ${found.size}`);
    } finally {
      await workplace.remove();
      await broker.remove();
    }
  },
);
