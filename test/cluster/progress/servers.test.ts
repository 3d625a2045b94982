import { expect, test } from 'vitest';
import { AdtallyError } from '../../../src/base/errors.ts';
import type { ConsumedPartition } from '../../../src/cluster/pinot/ports.ts';
import { ProgressServers } from '../../../src/cluster/progress/servers.ts';
import { ProcessClock, SimulatedClock } from '../../../src/simulation/simulated-clock.ts';
import { MemoryInspection } from '../watch/memory-inspection.ts';

const consumed = (partition: number, offset: bigint | null): ConsumedPartition => ({
  partition,
  segment: `ad_minutes__${partition}__0__x`,
  state: 'CONSUMING',
  offset,
});

function openServers(loaded: readonly ConsumedPartition[] = []) {
  const kafka = new MemoryInspection();
  const opened: string[] = [];
  const servers = new ProgressServers({
    regions: ['a', 'b'],
    openInspection: (region) => {
      opened.push(region);
      return Promise.resolve(kafka);
    },
    openReader: () => Promise.reject(new AdtallyError('kafka_unreachable', 'Kafka is down.')),
    pinot: { consumed: (table) => Promise.resolve(table === 'ad_minutes' ? loaded : []) },
    clock: new ProcessClock(new SimulatedClock(0)),
  });
  return { servers, kafka, opened };
}

test('of a partition that several servers hold, the one furthest behind counts', async () => {
  const { servers } = openServers([
    consumed(0, 9n),
    consumed(0, 7n),
    consumed(1, 3n),
    consumed(2, 5n),
    consumed(2, null),
  ]);
  expect(await servers.positions({ region: 'a', topics: [], reader: { kind: 'pinot' } })).toEqual([
    { topic: 'a.load.ad-minutes', partition: 0, offset: 7n },
    { topic: 'a.load.ad-minutes', partition: 1, offset: 3n },
  ]);
  await servers.close();
});

test('a job is where its group is; of one that has said nothing, and of a mirror that cannot be seen, nothing is known', async () => {
  const { servers, kafka } = openServers();
  kafka.offsets.set('adtally-a-aggregation a.events', 17n);
  const reader = { kind: 'job', name: 'adtally-a-aggregation' } as const;
  expect(await servers.positions({ region: 'a', topics: ['a.events', 'b.clean'], reader })).toEqual([
    { topic: 'a.events', partition: 0, offset: 17n },
  ]);
  const mirror = { kind: 'mirror', from: 'a', to: 'b' } as const;
  expect(await servers.positions({ region: 'a', topics: ['a.clean'], reader: mirror })).toEqual([]);
  await servers.close();
});

test('a Kafka that failed is opened again', async () => {
  const { servers, kafka, opened } = openServers();
  await servers.ends('a', ['a.events']);
  await servers.ends('a', ['a.events']);
  expect(opened).toEqual(['a']);
  kafka.isDown = true;
  await expect(servers.ends('a', ['a.events'])).rejects.toMatchObject({ code: 'kafka_unreachable' });
  expect(kafka.closed).toBe(1);
  kafka.isDown = false;
  await servers.ends('a', ['a.events']);
  expect(opened).toEqual(['a', 'a']);
  await servers.close();
  expect(kafka.closed).toBe(2);
});
