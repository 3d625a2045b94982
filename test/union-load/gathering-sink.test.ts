import { expect, test } from 'vitest';
import type { AdMinute } from '../../src/model/ad-minute.ts';
import { Random } from '../../src/generator/random.ts';
import type { FeedId, RecordPage, Sink } from '../../src/union-load/ports.ts';
import { UnionLoad } from '../../src/union-load/union-load.ts';
import { adMinute, ScriptedFeed, World } from './loader-world.ts';

const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);

/** A sink that may keep a page only with later ones, and loses what it has not kept when it fails or its process ends. */
class GatheringSink implements Sink {
  readonly name = 'gathering';
  readonly kept = new Map<string, AdMinute>();
  readonly #random: Random;
  #keptCursor: string | undefined;
  #waiting: RecordPage<'ad-minutes'>[] = [];
  isWell = false;

  constructor(random: Random) {
    this.#random = random;
  }

  async cursor(): Promise<string | undefined> {
    return this.#keptCursor;
  }

  async load(_feed: FeedId, page: RecordPage): Promise<void> {
    if (!this.isWell && this.#random.below(5) === 0) {
      this.crash();
      throw new Error('what waited is lost');
    }
    this.#waiting.push(page as RecordPage<'ad-minutes'>);
    if (!this.isWell && this.#random.below(3) > 0) return;
    for (const { records, cursor } of this.#waiting.splice(0)) {
      for (const record of records) this.kept.set(record.recordId, record);
      this.#keptCursor = cursor;
    }
  }

  crash(): void {
    this.#waiting = [];
  }
}

test(`a loader trusts what cursor() says, not that a load has resolved; seed ${SEED}`, async () => {
  const world = new World();
  const random = new Random(SEED);
  const sink = new GatheringSink(random);
  const feed = new ScriptedFeed('a', world);
  const begin = (): UnionLoad =>
    new UnionLoad({ feeds: [feed], sinks: [sink], clock: world.clock, chance: () => 0.5, pageRecords: 2 });
  let load = begin();
  for (let round = 0; round < 30; round++) {
    for (let n = 0; n < 5; n++) feed.records.push(adMinute('a', `ad-${round}-${n}`, 1));
    await world.pass(random.below(3000));
    if (random.below(3) > 0) continue;
    await load.stop();
    sink.crash();
    load = begin();
  }
  sink.isWell = true;
  feed.records.push(adMinute('a', 'last', 1));
  await world.pass(120_000);
  expect(sink.kept.size).toBe(feed.records.length);
  await load.stop();
});
