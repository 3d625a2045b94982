import type { Clock } from '../base/clock.ts';
import { FeedLoader, type FeedLoadStatus } from './feed-loader.ts';
import type { FeedId, RecordFeed, RecordKind, RecordPage, Sink } from './ports.ts';

/** A page is made, sent and loaded in a few hundredths of a second: nobody is held up by a larger one. */
const PAGE_RECORDS = 5000;
const WAIT_MS = 5000;

export interface UnionLoadOptions {
  readonly feeds: readonly RecordFeed[];
  readonly sinks: readonly Sink[];
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly chance: () => number;
  /** Most records of a page. */
  readonly pageRecords?: number;
}

/** The union of all feeds, loaded into every sink: each pair on its own, so that one that fails delays only itself. */
export class UnionLoad {
  readonly #loaders: readonly FeedLoader[];

  constructor({ feeds, sinks, clock, chance, pageRecords = PAGE_RECORDS }: UnionLoadOptions) {
    this.#loaders = sinks.flatMap((given) => {
      const sink = new SinkInTurns(given);
      return feeds.map((feed) => new FeedLoader({ feed, sink, clock, chance, pageRecords, waitMs: WAIT_MS }));
    });
  }

  /** Of every sink and feed. */
  status(): FeedLoadStatus[] {
    return this.#loaders.map((loader) => loader.status());
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    await Promise.all(this.#loaders.map((loader) => loader.stop()));
  }
}

/** A sink takes one call at a time; several feeds share it. */
class SinkInTurns implements Sink {
  readonly name: string;
  readonly #sink: Sink;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(sink: Sink) {
    this.name = sink.name;
    this.#sink = sink;
  }

  cursor(feed: FeedId): Promise<string | undefined> {
    return this.#next(() => this.#sink.cursor(feed));
  }

  load<Kind extends RecordKind>(feed: FeedId<Kind>, page: RecordPage<Kind>): Promise<void> {
    return this.#next(() => this.#sink.load(feed, page));
  }

  #next<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
