import type { UnixMs } from '../../../base/clock.ts';
import type { ReceivedMessage } from '../../kafka/ports.ts';
import { jsonOf, textOf } from './message-json.ts';
import { Strangers } from './strangers.ts';
import type { TopicTally } from './topic-follower.ts';

export type ReceivedKind = 'event' | 'order';

interface Book {
  readonly verdict: string;
  readonly count: number;
}

/** The verdicts that the jobs have given, by minute of arrival: the latest count of each book. */
export class VerdictTally implements TopicTally {
  readonly strangers = new Strangers();
  readonly #notBefore: UnixMs;
  readonly #minutes: Readonly<Record<ReceivedKind, Map<UnixMs, Map<string, Book>>>> = {
    event: new Map(),
    order: new Map(),
  };

  /** Minutes of before `notBefore` are left out: the topic never forgets. */
  constructor(notBefore: UnixMs) {
    this.#notBefore = notBefore;
  }

  begin(): void {}

  take(message: ReceivedMessage): void {
    const { key } = message;
    const { kind, minute, verdict, count } = jsonOf(message) ?? {};
    const isKind = kind === 'event' || kind === 'order';
    if (key === null || !isKind || typeof minute !== 'number' || typeof count !== 'number') {
      this.strangers.see(message);
      return;
    }
    if (minute < this.#notBefore) return;
    const books = this.#minutes[kind].get(minute) ?? new Map<string, Book>();
    this.#minutes[kind].set(minute, books);
    books.set(textOf(key), { verdict: String(verdict), count });
  }

  /** Lets go of minutes of before `before`. */
  forget(before: UnixMs): void {
    for (const minutes of Object.values(this.#minutes))
      for (const minute of minutes.keys()) if (minute < before) minutes.delete(minute);
  }

  minutes(kind: ReceivedKind): UnixMs[] {
    return [...this.#minutes[kind].keys()];
  }

  /** How many messages of the minute have each verdict, by its name in alphabetical order. */
  counts(kind: ReceivedKind, minute: UnixMs): Record<string, number> {
    const sums = new Map<string, number>();
    for (const { verdict, count } of this.#minutes[kind].get(minute)?.values() ?? [])
      sums.set(verdict, (sums.get(verdict) ?? 0) + count);
    return Object.fromEntries([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}
