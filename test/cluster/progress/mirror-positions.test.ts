import { expect, test } from 'vitest';
import { MirrorPositions } from '../../../src/cluster/progress/mirror-positions.ts';
import { ProcessClock, SimulatedClock } from '../../../src/simulation/simulated-clock.ts';
import { HeldTopics } from '../audit/held-topics.ts';

const KEY = '["a->b.MirrorSourceConnector",{"cluster":"a","partition":1,"topic":"a.clean"}]';

test('what a mirror has carried is read where it keeps that, the latest of each partition', async () => {
  const world = new SimulatedClock(0);
  const kafka = new HeldTopics();
  const { openReader } = kafka.read();
  const positions = new MirrorPositions({ from: 'a', openReader, clock: new ProcessClock(world) });
  const say = (key: string | null, value: string | null): void =>
    kafka.send('mm2-offsets.a.internal', { key, value, timestamp: 0 });
  say(KEY, '{"offset":16}');
  say(KEY.replace('a.clean', 'a.orders'), '{"offset":3}');
  expect(positions.next(['a.clean'])).toEqual([]);
  await world.run(new Promise((resolve) => world.schedule(10, () => resolve(undefined))));
  expect(positions.next(['a.clean'])).toEqual([{ topic: 'a.clean', partition: 1, offset: 17n }]);
  say(KEY, '{"offset":20}');
  say(KEY, null);
  say(null, null);
  say('["a->b.MirrorHeartbeatConnector",{"sourceClusterAlias":"a"}]', '{"offset":0}');
  expect(positions.next(['a.clean', 'a.orders'])).toEqual([
    { topic: 'a.clean', partition: 1, offset: 21n },
    { topic: 'a.orders', partition: 1, offset: 4n },
  ]);
  await positions.close();
  expect(positions.next(['a.clean'])).toEqual([]);
});
