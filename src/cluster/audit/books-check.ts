import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { Doubt } from '../../base/settle.ts';
import type { RecordKind } from '../../union-load/ports.ts';
import { differing, stampOf, type Finding, type FindingFigure } from './finding.ts';
import type { AuditedBooks, BookEntry, BookFigure, BookSums } from './ports.ts';

/** What stores are held against: the records of all regions, as the jobs have made them. */
const RECORDS = 'records of the jobs';

/** What became of a comparison of books. */
export interface BooksSummary {
  /** Whose books these are, and those they were held against. */
  readonly name: string;
  readonly against: string;
  readonly kind: RecordKind;
  readonly figures: readonly BookFigure[];
  /** Steps of time of a region that are equal, and how long a step is, ms. */
  readonly equal: number;
  /** Steps that were written to so shortly before that the store need not have all of it yet: nothing is said of them. */
  readonly provisional: number;
  readonly stepMs: number;
  /** Steps of before this were left out: not all is held any more, Unix ms; 0 when it is, null when nothing can be compared. */
  readonly from: UnixMs | null;
}

/** Books that should say the same as others, region by region and step of time by step of time. */
export class BooksCheck {
  readonly #expected: readonly AuditedBooks[];
  readonly #found: AuditedBooks;
  readonly #against: string;
  readonly #figures: readonly BookFigure[];
  readonly #stepMs: number;
  readonly #agreed = new Set<string>();
  readonly #clock: Pick<Clock, 'now'>;
  #provisional = 0;
  #isDone = false;

  /** `expected` are those of different regions, or one: `against` names it when it is no region's records. */
  constructor(
    expected: readonly AuditedBooks[],
    found: AuditedBooks,
    clock: Pick<Clock, 'now'>,
    against: string = RECORDS,
  ) {
    this.#expected = expected;
    this.#found = found;
    this.#clock = clock;
    this.#against = against;
    this.#figures = found.figures.filter((name) => expected.every(({ figures }) => figures.includes(name)));
    this.#stepMs = Math.max(found.stepMs, ...expected.map(({ stepMs }) => stepMs));
  }

  /** Steps in doubt; the store is asked no more once there were none. */
  async look(): Promise<ReadonlyMap<string, Doubt<Finding>>> {
    if (this.#isDone) return new Map();
    const doubts = await this.#compared();
    this.#isDone = doubts.size === 0;
    return doubts;
  }

  summary(): BooksSummary {
    const { name, kind } = this.#found;
    const from = this.#from();
    return {
      name,
      against: this.#against,
      kind,
      figures: this.#figures,
      equal: this.#agreed.size,
      provisional: this.#provisional,
      stepMs: this.#stepMs,
      from: from === Infinity ? null : from,
    };
  }

  /** Start of the first step that both sides hold all of. */
  #from(): UnixMs {
    const heldFrom = Math.max(this.#found.heldFrom(), ...this.#expected.map((books) => books.heldFrom()));
    return heldFrom === Infinity ? Infinity : Math.ceil(heldFrom / this.#stepMs) * this.#stepMs;
  }

  async #compared(): Promise<Map<string, Doubt<Finding>>> {
    const doubts = new Map<string, Doubt<Finding>>();
    const from = this.#from();
    if (from === Infinity) return doubts;
    const [found, ...expected] = await Promise.all(
      [this.#found, ...this.#expected].map((books) => answerOf(books, from)),
    );
    const failed = [found, ...expected].find((answer) => typeof answer === 'string');
    if (failed !== undefined) {
      const finding = this.#finding({ region: null, start: null, stepMs: null, figures: [], detail: failed });
      return doubts.set('', { stamp: failed, differences: [finding] });
    }
    const sides = this.#sides(expected.flat() as BookEntry[], found as readonly BookEntry[]);
    const youngest = this.#found.lagMs === 0 ? Infinity : this.#clock.now() - this.#found.lagMs;
    this.#provisional = 0;
    for (const [name, { region, start, figures, changedAt }] of sides) {
      if (this.#agreed.has(name)) continue;
      const different = differing(figures);
      if (different.length === 0) this.#agreed.add(name);
      else if (changedAt > youngest) this.#provisional++;
      else {
        const stepMs = this.#stepMs;
        const finding = this.#finding({ region, start, stepMs, figures: different, detail: null });
        doubts.set(name, { stamp: stampOf(figures), differences: [finding] });
      }
    }
    return doubts;
  }

  #finding(what: Pick<Finding, 'region' | 'start' | 'stepMs' | 'figures' | 'detail'>): Finding {
    const { name, kind, advice } = this.#found;
    const place = this.#against === RECORDS ? name : `${name} against ${this.#against}`;
    return { place, kind, ...what, advice };
  }

  #sides(expected: readonly BookEntry[], found: readonly BookEntry[]): Map<string, Side> {
    const [left, right] = [this.#rolled(expected), this.#rolled(found)];
    const names = new Set([...left.keys(), ...right.keys()]);
    return new Map(
      [...names].map((name) => {
        const { region, start } = (left.get(name) ?? right.get(name))!;
        const figures = this.#figures.map((figure) => ({
          figure,
          expected: left.get(name)?.sums[figure] ?? 0n,
          found: right.get(name)?.sums[figure] ?? 0n,
        }));
        return [name, { region, start, figures, changedAt: left.get(name)?.changedAt ?? 0 }];
      }),
    );
  }

  /** The entries by region and step, those of shorter steps added up. */
  #rolled(entries: readonly BookEntry[]): Map<string, BookEntry> {
    const steps = new Map<string, BookEntry>();
    for (const { region, start: at, sums, changedAt = 0 } of entries) {
      const start = at - (at % this.#stepMs);
      const name = `${start} ${region}`;
      const before = steps.get(name);
      steps.set(name, {
        region,
        start,
        sums: this.#added(before?.sums ?? {}, sums),
        changedAt: Math.max(before?.changedAt ?? 0, changedAt),
      });
    }
    return steps;
  }

  #added(a: BookSums, b: BookSums): BookSums {
    return Object.fromEntries(this.#figures.map((name) => [name, (a[name] ?? 0n) + (b[name] ?? 0n)]));
  }
}

/** A step of a region on both sides. */
interface Side {
  readonly region: string;
  readonly start: UnixMs;
  readonly figures: readonly FindingFigure[];
  /** When it was last written to on the side that is held against, Unix ms; 0 when that is not known. */
  readonly changedAt: UnixMs;
}

/** The entries, or why there are none. */
async function answerOf(books: AuditedBooks, from: UnixMs): Promise<readonly BookEntry[] | string> {
  try {
    return await books.entries(from);
  } catch (error) {
    if (error instanceof AdtallyError) return `${books.name}: ${error.message}`;
    throw error;
  }
}
