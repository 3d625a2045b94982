import { afterEach, expect, it } from 'vitest';
import { AdtallyClient, type EventOutcome } from '../../src/client/adtally-client.ts';
import { Random } from '../../src/generator/random.ts';
import { startStubRegion, type Fault, type StubRegion } from './stub-region.ts';

const FAULTS: readonly Fault[] = [
  'drop',
  'drop_after_counting',
  'drop_after_counting',
  'overloaded',
  'broken',
  'stopping',
  'stranger',
  'refuse',
];
const EVENTS = 300;
const SEEDS =
  process.env['SEED'] === undefined
    ? [1, 2, 3, 4, 5, 6, Date.now() % 2 ** 31]
    : [Number(process.env['SEED'])];

let stubs: StubRegion[] = [];
afterEach(async () => {
  await Promise.all(stubs.map((stub) => stub.close()));
});

/** Faults one after the other, with runs of one kind as a real outage has them. */
function plan(random: Random): Fault[] {
  const faults: Fault[] = [];
  for (let runs = random.below(12); runs > 0; runs--) {
    const fault = FAULTS[random.below(FAULTS.length)];
    // A key that both refuse is refused for good, so never long.
    const length = fault === 'refuse' ? 1 : 1 + random.below(6);
    for (let left = length; left > 0; left--) faults.push(fault);
  }
  return faults;
}

it.each(SEEDS)('delivers every event at least once, as it was, and says so once: SEED=%i', async (seed) => {
  const random = new Random(seed);
  stubs = [await startStubRegion(), await startStubRegion()];
  // Only one refuses: the other takes over.
  stubs[0].faults.push(...plan(random));
  stubs[1].faults.push(...plan(random).filter((fault) => fault !== 'refuse'));
  const told = new Map<string | null, number>();
  const client = new AdtallyClient({
    regions: stubs.map(({ url }) => url),
    batchEvents: 1 + random.below(20),
    batchMs: random.below(5),
    parallel: 1 + random.below(4),
    retry: { firstDelayMs: 1, delayMsMax: 5, overloadMsMax: 10 },
    onOutcome: ({ id }) => told.set(id, (told.get(id) ?? 0) + 1),
  });
  const sent: Promise<EventOutcome>[] = [];
  for (let at = 0; at < EVENTS; at++) {
    const userId = `u-${random.below(50)}`;
    const base = { eventType: 'click', adId: 'a', campaignId: 'c', advertiserId: 'v', userId } as const;
    sent.push(client.track(at % 2 === 0 ? base : { ...base, eventId: `own-${at}` }));
    if (random.below(10) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(4)));
  }
  const outcomes = await Promise.all(sent);
  await client.close();

  expect(outcomes.filter(({ status }) => status !== 'answered')).toEqual([]);
  expect([...told.values()]).toEqual(Array.from({ length: EVENTS }, () => 1));
  const ids = new Set(outcomes.map(({ id }) => id));
  expect(ids.size).toBe(EVENTS);
  expect(stubs[0].ids.union(stubs[1].ids)).toEqual(ids);
  const byId = Map.groupBy(
    stubs.flatMap(({ bodies }) => bodies.flatMap((body) => body.split('\n').filter(Boolean))),
    (line) => (JSON.parse(line) as { eventId: string }).eventId,
  );
  expect([...byId.values()].filter((lines) => new Set(lines).size !== 1)).toEqual([]);
  // What a region said is what it did: an event was counted by the one that says so.
  const answered = outcomes.filter((outcome) => outcome.status === 'answered');
  const holds = ({ region, id }: (typeof answered)[number]): boolean =>
    stubs.find(({ url }) => url === region)!.ids.has(id);
  expect(answered.filter((outcome) => !holds(outcome))).toEqual([]);
  expect(answered.filter((one) => one.verdict === 'duplicate' && one.answersLost === 0)).toEqual([]);
  const requests = client.traffic().map((region) => region.requests);
  expect(requests).toEqual(stubs.map((stub) => stub.requests));
});
