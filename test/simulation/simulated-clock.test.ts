import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { ProcessClock, SimulatedClock } from '../../src/simulation/simulated-clock.ts';

test('timers fire in the order of their time, whatever the wall clock does', async () => {
  const clock = new SimulatedClock(1000);
  const fired: string[] = [];
  clock.schedule(20, () => fired.push('late'));
  clock.schedule(10, () => fired.push(`early at ${clock.now()}`));
  const cancel = clock.schedule(15, () => fired.push('cancelled'));
  clock.jump(-500);
  cancel();
  while (await clock.step());
  expect(fired).toEqual(['early at 510', 'late']);
  expect(clock.monotonicMs()).toBe(20);
});

test('a turn waits for what is already due', async () => {
  const clock = new SimulatedClock(0);
  const process = new ProcessClock(clock);
  const order: string[] = [];
  process.after(0, () => order.push('timer'));
  const turned = process.turn().then(() => order.push('turn'));
  await clock.run(turned);
  expect(order).toEqual(['timer', 'turn']);
});

test('the timers of a dead process stay silent, and a world that stands still says so', async () => {
  const clock = new SimulatedClock(0);
  const process = new ProcessClock(clock);
  const turned = process.turn();
  process.stop();
  await expect(clock.run(turned)).rejects.toThrow('stands still');
});

function draw(random: SeededRandom): number[] {
  return Array.from({ length: 5 }, () => random.below(1000));
}

test('one seed gives one stream; forks do not depend on what was drawn', () => {
  expect(draw(new SeededRandom(7))).toEqual(draw(new SeededRandom(7)));
  expect(draw(new SeededRandom(7))).not.toEqual(draw(new SeededRandom(8)));
  const drained = new SeededRandom(7);
  draw(drained);
  expect(draw(drained.fork('disk'))).toEqual(draw(new SeededRandom(7).fork('disk')));
});

test('draws are spread evenly, and zipf prefers the small', () => {
  const random = new SeededRandom('spread');
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draws = 0; draws < 10_000; draws++) counts[random.below(10)]++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  const small = Array.from({ length: 1000 }, () => random.zipf(1000)).filter((drawn) => drawn < 10);
  expect(small.length).toBeGreaterThan(250);
  expect(random.weighted({ never: 0, always: 1 })).toBe('always');
});
