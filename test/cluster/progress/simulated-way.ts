import { AdtallyError } from '../../../src/base/errors.ts';
import type { PartitionEnds } from '../../../src/cluster/kafka/inspection.ts';
import type { NextOffset } from '../../../src/cluster/kafka/ports.ts';
import type { ProgressSources, Step } from '../../../src/cluster/progress/ports.ts';
import type { SeededRandom } from '../../../src/simulation/seeded-random.ts';

type Fate = 'open' | 'committed' | 'aborted';

/** What takes an offset: a message, which stands for some arrivals, or the end of a transaction. */
interface Entry {
  readonly ids: readonly string[] | null;
  fate: Fate;
}

/** A topic of one partition. */
class Topic {
  readonly entries: Entry[] = [];

  get lastStable(): number {
    const open = this.entries.findIndex(({ fate }) => fate === 'open');
    return open < 0 ? this.entries.length : open;
  }

  add(ids: readonly string[] | null, fate: Fate): Entry {
    const entry = { ids, fate };
    this.entries.push(entry);
    return entry;
  }
}

/** Has read some topics, and writes to others in transactions, as a task of Flink or MirrorMaker does. */
interface Worker {
  readonly name: string;
  readonly region: string;
  /** Whose topics it reads where they are not those of its region. */
  readonly readsAt: string;
  readonly routes: readonly { readonly from: string; readonly to: readonly string[] }[];
  /** By topic: behind the last message that it has read; the second is what it has said. */
  readonly read: Map<string, number>;
  readonly said: Map<string, number>;
  pending: { readonly entries: readonly [string, Entry][]; isSaid: boolean; isEnded: boolean } | undefined;
}

/**
 * Two regions whose jobs, mirrors and Pinots do at random what they may do: read some, write it, say how far they have read, commit in
 * this order or the other one, or fail and do it again.
 */
export class SimulatedWay implements ProgressSources {
  readonly #random: SeededRandom;
  readonly #topics = new Map<string, Topic>();
  readonly #workers: Worker[];
  /** By region: where each table of its Pinot has come to. */
  readonly #loaded = new Map<string, Map<string, number>>();
  /** By region: what is in its Pinot, `KIND OF ID`: the records of which region stand for what arrived. */
  readonly seen = new Map<string, Set<string>>();
  isDown = false;
  /** Reads nothing of the topics that match. */
  stalled: { readonly reader: string; readonly topics: RegExp } | undefined;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#workers = [
      ['a', 'b'],
      ['b', 'a'],
    ].flatMap(([own, peer]) => {
      const orders = [`${own}.attributed-orders`];
      const attributed = ['clean', 'orders'].flatMap((name) =>
        [own, peer].map((of) => ({ from: `${of}.${name}`, to: orders })),
      );
      const loads = ['ad-minutes', 'attributed-orders'].flatMap((name) =>
        [own, peer].map((of) => ({ from: `${of}.${name}`, to: [`${own}.load.${name}`] })),
      );
      return [
        workerOf(`adtally-${own}-aggregation`, own, own, [
          { from: `${own}.events`, to: [`${own}.clean`, `${own}.ad-minutes`] },
          ...(own === 'b' ? [{ from: 'a.clean', to: ['b.ad-minutes'] }] : []),
        ]),
        workerOf(`adtally-${own}-attribution`, own, own, attributed),
        workerOf(`adtally-${own}-union-load`, own, own, loads),
        workerOf(
          `mirror ${own} ${peer}`,
          peer,
          own,
          mirrored(own).map((topic) => ({ from: topic, to: [topic] })),
        ),
      ];
    });
    for (const region of ['a', 'b']) {
      this.#loaded.set(region, new Map());
      this.seen.set(region, new Set());
    }
  }

  arrive(region: string, kind: 'events' | 'orders', id: string): void {
    this.#topic(region, `${region}.${kind}`).add([id], 'committed');
  }

  /** Something happens somewhere. */
  step(): void {
    const at = this.#random.between(0, this.#workers.length + 1);
    if (at < this.#workers.length) this.#work(this.#workers[at]);
    else this.#load(at === this.#workers.length ? 'a' : 'b');
  }

  ends(region: string, topics: readonly string[]): Promise<PartitionEnds[]> {
    return this.#answer(() =>
      topics.map((topic) => {
        const { entries, lastStable } = this.#topic(region, topic);
        const [stable, end] = [BigInt(lastStable), BigInt(entries.length)];
        return { topic, partition: 0, first: 0n, lastStable: stable, end };
      }),
    );
  }

  positions({ region, topics, reader }: Step): Promise<NextOffset[]> {
    return this.#answer(() => {
      const said = this.#said(region, reader);
      return topics.flatMap((topic) =>
        said.has(topic) ? [{ topic, partition: 0, offset: BigInt(said.get(topic)!) }] : [],
      );
    });
  }

  holdsMessages(region: string, { topic, offset }: NextOffset, to: bigint): Promise<boolean> {
    return this.#answer(() => {
      const left = this.#topic(region, topic).entries.slice(Number(offset), Number(to));
      return left.some(({ ids, fate }) => fate === 'open' || (ids !== null && fate === 'committed'));
    });
  }

  #said(region: string, reader: Step['reader']): ReadonlyMap<string, number> {
    if (reader.kind === 'pinot') return this.#loaded.get(region)!;
    const name = reader.kind === 'job' ? reader.name : `mirror ${reader.from} ${reader.to}`;
    return this.#workers.find((one) => one.name === name)!.said;
  }

  #answer<Answer>(look: () => Answer): Promise<Answer> {
    return this.isDown
      ? Promise.reject(new AdtallyError('kafka_unreachable', 'Down.'))
      : Promise.resolve(look());
  }

  #work(worker: Worker): void {
    const { pending } = worker;
    if (pending === undefined) return this.#begin(worker);
    const isMirror = worker.name.startsWith('mirror');
    const what = this.#random.between(0, 9);
    if (what === 0 && !pending.isSaid && !pending.isEnded) return this.#end(worker, 'aborted');
    if (what < 4 && !pending.isEnded) this.#end(worker, 'committed');
    // A mirror says how far it has come within the transaction.
    const says = isMirror ? pending.isEnded : what > 6;
    if (says && !pending.isSaid) {
      pending.isSaid = true;
      for (const [topic, next] of worker.read) worker.said.set(topic, next);
    }
    if (pending.isSaid && pending.isEnded) worker.pending = undefined;
  }

  #begin(worker: Worker): void {
    const entries: [string, Entry][] = [];
    for (const { from, to } of worker.routes) {
      if (this.stalled?.reader === worker.name && this.stalled.topics.test(from)) continue;
      for (const { ids, next } of this.#some(worker.readsAt, from, worker.read.get(from) ?? 0)) {
        worker.read.set(from, next);
        for (const topic of to)
          entries.push([topic, this.#topic(worker.region, topic).add(writtenBy(worker, topic, ids), 'open')]);
      }
    }
    if (entries.length > 0) worker.pending = { entries, isSaid: false, isEnded: false };
  }

  #end(worker: Worker, fate: 'committed' | 'aborted'): void {
    const { entries } = worker.pending!;
    for (const [, entry] of entries) entry.fate = fate;
    for (const topic of new Set(entries.map(([name]) => name)))
      this.#topic(worker.region, topic).add(null, fate);
    worker.pending!.isEnded = true;
    if (fate === 'committed') return;
    worker.pending = undefined;
    worker.read.clear();
    for (const [topic, next] of worker.said) worker.read.set(topic, next);
  }

  #load(region: string): void {
    const loaded = this.#loaded.get(region)!;
    for (const name of ['ad-minutes', 'attributed-orders']) {
      const load = `${region}.load.${name}`;
      for (const { ids, next } of this.#some(region, load, loaded.get(load) ?? 0)) {
        loaded.set(load, next);
        for (const id of ids) this.seen.get(region)!.add(`${name} ${id}`);
      }
    }
  }

  /** The next committed messages, some of them or none. */
  #some(region: string, topic: string, from: number): { ids: readonly string[]; next: number }[] {
    const { entries, lastStable } = this.#topic(region, topic);
    const left = entries
      .slice(from, lastStable)
      .flatMap(({ ids, fate }, n) =>
        ids === null || fate !== 'committed' ? [] : [{ ids, next: from + n + 1 }],
      );
    return left.slice(0, this.#random.between(0, 20));
  }

  #topic(region: string, name: string): Topic {
    const key = `${region} ${name}`;
    const topic = this.#topics.get(key) ?? new Topic();
    this.#topics.set(key, topic);
    return topic;
  }
}

function workerOf(name: string, region: string, readsAt: string, routes: Worker['routes']): Worker {
  return { name, region, readsAt, routes, read: new Map(), said: new Map(), pending: undefined };
}

function mirrored(of: string): string[] {
  return ['clean', 'orders', 'ad-minutes', 'attributed-orders'].map((name) => `${of}.${name}`);
}

/** Records name the region whose jobs made them. */
function writtenBy({ name, region }: Worker, topic: string, ids: readonly string[]): readonly string[] {
  const isRecord = /(ad-minutes|attributed-orders)$/.test(topic) && /aggregation|attribution/.test(name);
  return isRecord ? ids.map((id) => `${region} ${id}`) : ids;
}
