import { expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import { VerdictHour } from '../../../src/cluster/gateway/verdict-hour.ts';
import type { KafkaReader, Reading } from '../../../src/cluster/kafka/ports.ts';
import { ProcessClock, SimulatedClock } from '../../../src/simulation/simulated-clock.ts';
import { HeldTopics } from '../audit/held-topics.ts';

const NOW = Date.parse('2026-10-05T12:00:30Z');

function openWorld() {
  const world = new SimulatedClock(NOW);
  const kafka = new HeldTopics();
  const readings: Reading[] = [];
  const opened = { isDown: false };
  const openReader = (reading: Reading): Promise<KafkaReader> => {
    if (opened.isDown) return Promise.reject(new AdtallyError('kafka_unreachable', 'Kafka is down.'));
    readings.push(reading);
    return kafka.read().openReader(reading);
  };
  const hour = new VerdictHour({ region: 'a', openReader, clock: new ProcessClock(world) });
  const book = (minutesAgo: number, kind: 'event' | 'order', verdict: string, count: number): void => {
    const minute = NOW - 30_000 - minutesAgo * 60_000;
    const key = `${kind} ${minute} ${verdict}`;
    kafka.send('a.verdicts', {
      key,
      value: JSON.stringify({ kind, minute, verdict, count }),
      timestamp: NOW,
    });
  };
  const pass = (ms: number): Promise<void> =>
    world.run(new Promise((resolve) => world.schedule(ms, resolve)));
  return { world, hour, opened, readings, book, pass };
}

test('the verdicts of the last hour of events are summed, and let go of after it', async () => {
  const { hour, book, pass } = openWorld();
  book(0, 'event', 'counted', 5);
  book(0, 'event', 'counted', 7);
  book(59, 'event', 'counted', 100);
  book(59, 'event', 'late', 2);
  book(61, 'event', 'counted', 1000);
  book(0, 'order', 'accepted', 3);
  expect(hour.counts()).toBeNull();
  await pass(10);
  expect(hour.counts()).toEqual({ counted: 107, duplicate: 0, conflict: 0, late: 2, future: 0, invalid: 0 });
  book(0, 'event', 'duplicate', 1);
  expect(hour.counts()).toMatchObject({ counted: 107, duplicate: 1 });
  await pass(2 * 60_000);
  expect(hour.counts()).toMatchObject({ counted: 7, late: 0 });
});

test('nothing is said while Kafka cannot be read, and it is asked again', async () => {
  const { hour, opened, readings, book, pass } = openWorld();
  book(0, 'event', 'counted', 5);
  opened.isDown = true;
  hour.counts();
  await pass(1000);
  expect(hour.counts()).toBeNull();
  opened.isDown = false;
  await pass(5000);
  expect(hour.counts()).toMatchObject({ counted: 5 });
  readings[0].onFailure(new Error('gone'));
  expect(hour.counts()).toBeNull();
  await pass(5001);
  expect(hour.counts()).toMatchObject({ counted: 5 });
  await hour.close();
  expect(hour.counts()).toBeNull();
  readings[1].onFailure(new Error('gone'));
  await pass(6000);
  expect(readings).toHaveLength(2);
});
