import { WideMap } from '../../../base/wide-map.ts';
import { minuteOf } from '../../../model/event-time.ts';
import { TIME_FIELDS } from '../../../reporting/record-digest.ts';
import type { RecordKind } from '../../../union-load/ports.ts';
import type { PartitionOffsets, ReceivedMessage } from '../../kafka/ports.ts';
import { Kept } from './kept.ts';
import { jsonOf, wholeField } from './message-json.ts';
import { MinuteBooks, type MinuteFigures } from './minute-books.ts';
import { BOOK_FIGURES } from '../ports.ts';
import { Strangers } from './strangers.ts';
import type { TopicTally } from './topic-follower.ts';

/** What is remembered of a record, about 370 bytes with its id. */
interface Held extends MinuteFigures {
  readonly revision: number;
}

/** The records of a topic, each at its highest revision; of two with the same one the later holds. */
export class RecordTally implements TopicTally {
  readonly kept = new Kept();
  readonly strangers = new Strangers();
  readonly books: MinuteBooks;
  readonly #kind: RecordKind;
  readonly #records = new WideMap<Held>();

  constructor(kind: RecordKind) {
    this.#kind = kind;
    this.books = new MinuteBooks(kind);
  }

  get size(): number {
    return this.#records.size;
  }

  begin(offsets: readonly PartitionOffsets[]): void {
    this.kept.begin(offsets);
  }

  take(message: ReceivedMessage): void {
    this.kept.see(message);
    // A job may delete a record before each of its updates.
    if (message.value === null) return;
    const fields = jsonOf(message);
    const id = fields?.['recordId'];
    const held = fields === undefined ? undefined : this.#read(message, fields);
    if (typeof id !== 'string' || held === undefined) {
      this.strangers.see(message);
      return;
    }
    const before = this.#records.get(id);
    if (before !== undefined && before.revision > held.revision) return;
    if (before !== undefined) this.books.add(before, -1n, message.timestamp);
    this.books.add(held, 1n, message.timestamp);
    this.#records.set(id, held);
  }

  #read(message: ReceivedMessage, fields: Readonly<Record<string, unknown>>): Held | undefined {
    const { region, revision } = fields;
    const time = fields[TIME_FIELDS[this.#kind]];
    if (typeof region !== 'string' || !isWhole(revision) || !isWhole(time)) return undefined;
    const [, , ...names] = BOOK_FIGURES[this.#kind];
    const own = names.map((name) => wholeField(message, fields, name));
    if (own.includes(undefined)) return undefined;
    return { region, revision, minute: minuteOf(time), figures: [1, revision, ...(own as number[])] };
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
