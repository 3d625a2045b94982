import type { Clock, UnixMs } from '../../base/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../../base/units.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import { RECORD_KINDS, type RecordKind } from '../../union-load/ports.ts';
import type { NextOffset } from '../kafka/ports.ts';
import { jobName } from '../render/rendered-job.ts';
import { topicNamesOf } from '../topic-names.ts';
import { BOOK_FIGURES, type AuditedBooks } from './ports.ts';
import { ArrivalTally } from './topics/arrival-tally.ts';
import { EventTally } from './topics/event-tally.ts';
import type { MinuteBooks } from './topics/minute-books.ts';
import { RecordTally } from './topics/record-tally.ts';
import {
  TopicFollower,
  type ReadKafka,
  type ReadProgress,
  type TopicTally,
} from './topics/topic-follower.ts';
import { VerdictTally, type ReceivedKind } from './topics/verdict-tally.ts';

const REPLAY = '"adtally cluster apply --replay" has the jobs do it again from all that Kafka still holds.';

/** All books that the Kafka of a region holds, read on as often as asked. */
export class RegionBooks {
  readonly region: string;
  readonly arrivals: Readonly<Record<ReceivedKind, ArrivalTally>> = {
    event: new ArrivalTally(),
    order: new ArrivalTally(),
  };
  readonly verdicts: VerdictTally;
  readonly events: EventTally;
  readonly #records = tallies();
  readonly #loads = tallies();
  readonly #kafka: ReadKafka;
  readonly #maxClockSkewMs: number;
  #follower: TopicFollower | undefined;
  #next: Readonly<Record<ReceivedKind, readonly NextOffset[]>> = { event: [], order: [] };

  private constructor(region: string, spec: PipelineSpec, kafka: ReadKafka, clock: Clock) {
    this.region = region;
    this.#kafka = kafka;
    this.#maxClockSkewMs = spec.maxClockSkew;
    this.verdicts = new VerdictTally(clock.now() - spec.retention.log - HOUR_MS);
    this.events = new EventTally(region);
  }

  /** Rejects with AdtallyError kafka_unreachable, as `readOn` does. */
  static async open(
    region: string,
    spec: PipelineSpec,
    kafka: ReadKafka,
    clock: Clock,
  ): Promise<RegionBooks> {
    const books = new RegionBooks(region, spec, kafka, clock);
    const topics = topicNamesOf(region);
    books.#follower = await TopicFollower.open(
      kafka,
      new Map<string, TopicTally>([
        [topics.events, books.arrivals.event],
        [topics.orders, books.arrivals.order],
        [topics.verdicts, books.verdicts],
        [topics.clean, books.events],
        [topics.adMinutes, books.#records['ad-minutes']],
        [topics.attributedOrders, books.#records['attributed-orders']],
        [topics.loadAdMinutes, books.#loads['ad-minutes']],
        [topics.loadAttributedOrders, books.#loads['attributed-orders']],
      ]),
      clock,
    );
    return books;
  }

  /** Takes in all that is committed now. */
  async readOn(onProgress: (progress: ReadProgress) => void): Promise<void> {
    const { events, orders } = topicNamesOf(this.region);
    const { admin } = this.#kafka;
    // Before the topics: what the jobs had read then they have also judged there.
    this.#next = {
      event: await admin.groupOffsets(jobName(this.region, 'aggregation'), events),
      order: await admin.groupOffsets(jobName(this.region, 'attribution'), orders),
    };
    await this.#follower!.catchUp(onProgress);
  }

  /** Where the job that judges them has said it reads on. */
  next(kind: ReceivedKind): readonly NextOffset[] {
    return this.#next[kind];
  }

  /** The events that were counted and not yielded, by their own minute. */
  counted(): AuditedBooks {
    const { events } = this;
    return this.#audited(events.books, () => events.from, {
      kind: 'ad-minutes',
      name: `counted events of ${this.region}`,
      figures: ['impressions', 'clicks', 'costMicros'],
      advice: REPLAY,
    });
  }

  /** The records that the jobs of the region have made. */
  records(kind: RecordKind): AuditedBooks {
    const { books, kept } = this.#records[kind];
    return this.#audited(books, () => kept.from, {
      kind,
      name: `records of ${this.region}`,
      figures: BOOK_FIGURES[kind],
      advice: `See that the jobs of ${this.region} run; ${REPLAY}`,
    });
  }

  /** The records of all regions on their way to the stores of this one. */
  loads(kind: RecordKind): AuditedBooks {
    const topic = `${this.region}.load.${kind}`;
    const { books, kept } = this.#loads[kind];
    return this.#audited(books, () => kept.from, {
      kind,
      name: `topic ${topic}`,
      figures: BOOK_FIGURES[kind],
      advice:
        `See that job ${jobName(this.region, 'union-load')} and the mirror run. More, or a higher revision, is no job's: ` +
        `find out who else writes there, empty the topic, delete the table in Pinot, and apply with --replay.`,
    });
  }

  /** Where messages are that no job writes so; null when there are none. */
  strangers(): { readonly count: number; readonly first: string }[] {
    const all = [
      this.verdicts,
      this.events,
      ...RECORD_KINDS.flatMap((kind) => [this.#records[kind], this.#loads[kind]]),
    ];
    return all.flatMap(({ strangers: { count, first } }) => (first === null ? [] : [{ count, first }]));
  }

  /** How many records are remembered. */
  get size(): number {
    return RECORD_KINDS.reduce((sum, kind) => sum + this.#records[kind].size + this.#loads[kind].size, 0);
  }

  async close(): Promise<void> {
    await this.#follower?.close();
  }

  #audited(
    books: MinuteBooks,
    keptFrom: () => UnixMs,
    own: Pick<AuditedBooks, 'kind' | 'name' | 'figures' | 'advice'>,
  ): AuditedBooks {
    return {
      ...own,
      stepMs: MINUTE_MS,
      lagMs: 0,
      // Nothing is written of a minute before its events are accepted.
      heldFrom: () => (keptFrom() === 0 ? 0 : keptFrom() + this.#maxClockSkewMs),
      entries: (from) => Promise.resolve(books.entries(from)),
    };
  }
}

function tallies(): Readonly<Record<RecordKind, RecordTally>> {
  return {
    'ad-minutes': new RecordTally('ad-minutes'),
    'attributed-orders': new RecordTally('attributed-orders'),
  };
}
