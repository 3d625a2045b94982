import type { Owner } from '../../../src/embedded/dedupe/dedupe-entry.ts';
import { CONTENT, ID, ROW_WORDS } from '../../../src/embedded/scan/event-batch.ts';
import {
  DedupeIndex,
  OTHER_CONTENT,
  OWN,
  SAME_CONTENT,
  type Seen,
  type SnapshotMode,
  UNSEEN,
} from '../../../src/embedded/dedupe/dedupe-index.ts';
import { idsThatCollide } from './crafted-ids.ts';

export type Id = readonly number[];

export const SEED = Uint8Array.from({ length: 16 }, (_, index) => index * 37 + 11);
export const POOL: readonly Id[] = [
  [0, 0, 0, 0],
  [-1, -1, -1, -1],
  [1, 0, 0, 0],
  [0, 0, 0, 1],
  ...idsThatCollide(SEED, 2400),
];

interface Remembered {
  readonly generation: number;
  readonly content: number;
  readonly owner: Owner;
}

/** The index as its contract says it, with nothing clever. */
class Model {
  ids = new Map<Id, Remembered>();
  horizon = Number.NEGATIVE_INFINITY;

  judge(id: Id, content: number, generation: number, owner: Owner = OWN): Seen {
    const seen = this.look(id, content);
    if (seen === UNSEEN) this.remember(id, content, generation, owner);
    return seen;
  }

  remember(id: Id, content: number, generation: number, owner: Owner): void {
    this.ids.set(id, { content, owner, generation: Math.max(generation, this.horizon + 1) });
  }

  look(id: Id, content: number): Seen {
    const remembered = this.ids.get(id);
    if (remembered === undefined) return UNSEEN;
    return remembered.content === content ? SAME_CONTENT : OTHER_CONTENT;
  }

  forgetThrough(generation: number): void {
    this.horizon = Math.max(this.horizon, generation);
    for (const [id, { generation: born }] of this.ids) if (born <= this.horizon) this.ids.delete(id);
  }

  copy(): Model {
    const copy = new Model();
    copy.ids = new Map(this.ids);
    copy.horizon = this.horizon;
    return copy;
  }
}

export function locate(index: DedupeIndex, ids: readonly Id[], content: number): void {
  const words = new Int32Array((ids.length + 1) * ROW_WORDS);
  const rows = Int32Array.from(ids, (_, i) => ids.length - i);
  ids.forEach((id, i) => {
    words.set(id, rows[i] * ROW_WORDS + ID);
    words[rows[i] * ROW_WORDS + CONTENT] = content;
  });
  index.locate(words, rows, ids.length);
}

export function judge(
  index: DedupeIndex,
  ids: readonly Id[],
  content: number,
  generation: number,
  owner: Owner = OWN,
): Seen[] {
  locate(index, ids, content);
  return ids.map((_, i) => {
    const seen = index.seen(i);
    if (seen === UNSEEN) index.add(i, generation, owner);
    return seen;
  });
}

/** Gives the ids that are remembered with this content to an owner. */
function giveAway(
  index: DedupeIndex,
  ids: readonly Id[],
  content: number,
  generation: number,
  owner: Owner,
): void {
  locate(index, ids, content);
  ids.forEach((_, i) => {
    if (index.seen(i) === SAME_CONTENT) index.reown(i, generation, owner);
  });
}

/** Where the index answers otherwise than the model; uses the index up by forgetting generation after generation. */
function differencesFrom(model: Model, index: DedupeIndex): string[] {
  const rest = model.copy();
  const generations = new Set([...model.ids.values()].map(({ generation }) => generation));
  return [Number.NEGATIVE_INFINITY, ...[...generations].toSorted((a, b) => a - b)].flatMap((generation) => {
    index.forgetThrough(generation);
    rest.forgetThrough(generation);
    const wrong = [0, 1].flatMap((content) => {
      locate(index, POOL, content);
      return POOL.filter(
        (id, i) =>
          index.seen(i) !== rest.look(id, content) ||
          (index.seen(i) !== UNSEEN && index.seenOwner !== rest.ids.get(id)!.owner),
      );
    });
    const where = `once ${generation} is forgotten`;
    return [
      ...(wrong.length > 0 ? [`${where}, ${wrong.length} answers are wrong`] : []),
      ...(index.size === rest.ids.size ? [] : [`${where}, size ${index.size} is not ${rest.ids.size}`]),
    ];
  });
}

/** The index under test with its model and the snapshots taken; each step also checks. */
export class World {
  readonly index = new DedupeIndex(SEED);
  readonly model = new Model();
  /** What was not as it should be. */
  readonly differences: string[] = [];
  /** The slices of the last full snapshot and the deltas since. */
  #kept: Int32Array[] = [];
  #taking: { mode: SnapshotMode; cut: Model; slices: Int32Array[] } | undefined;

  insert(ids: readonly Id[], content: number, generation: number, owner: Owner = OWN): void {
    const judged = judge(this.index, ids, content, generation, owner);
    const expected = ids.map((id) => this.model.judge(id, content, generation, owner));
    const wrong = expected.filter((seen, i) => seen !== judged[i]);
    if (wrong.length > 0) this.differences.push(`${wrong.length} of ${ids.length} ids are judged wrong`);
    this.#checkSize();
  }

  reown(ids: readonly Id[], content: number, generation: number, owner: Owner): void {
    giveAway(this.index, ids, content, generation, owner);
    for (const id of ids) {
      if (this.model.look(id, content) !== SAME_CONTENT) continue;
      // An id is never remembered for less long than before.
      const has = this.model.ids.get(id)!.generation;
      this.model.remember(id, content, Math.max(generation, has), owner);
    }
    this.#checkSize();
  }

  forget(generation: number): void {
    this.index.forgetThrough(generation);
    this.model.forgetThrough(generation);
    this.#checkSize();
  }

  begin(mode: SnapshotMode): void {
    if (this.#taking !== undefined) this.finish();
    this.index.beginSnapshot(mode);
    this.#taking = { mode, cut: this.model.copy(), slices: [] };
  }

  /** Takes the next slices, up to a share of all. */
  advance(share: number): void {
    const taking = this.#taking;
    if (taking === undefined) return;
    const until = Math.ceil(this.index.slices * share);
    while (taking.slices.length < until) taking.slices.push(this.index.slice(taking.slices.length).slice());
  }

  finish(): void {
    this.advance(1);
    const taking = this.#taking;
    if (taking === undefined) return;
    this.index.endSnapshot();
    this.#taking = undefined;
    if (taking.mode === 'full') this.#kept = [];
    this.#kept.push(...taking.slices);
    const restored = this.#restore(taking.cut.horizon);
    this.differences.push(...differencesFrom(taking.cut, restored).map((text) => `restored: ${text}`));
  }

  /** Ends the world: nothing can be done to it afterwards. */
  end(): void {
    this.finish();
    this.differences.push(...differencesFrom(this.model, this.index));
  }

  #checkSize(): void {
    const [size, expected] = [this.index.size, this.model.ids.size];
    if (size !== expected) this.differences.push(`size ${size} is not ${expected}`);
  }

  #restore(horizon: number): DedupeIndex {
    const restored = new DedupeIndex(SEED, { expectedIds: horizon % 2 === 0 ? 5000 : 0 });
    restored.forgetThrough(horizon);
    for (const slice of this.#kept) restored.load(slice);
    return restored;
  }
}
