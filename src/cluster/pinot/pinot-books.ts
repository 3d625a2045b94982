import type { Clock, UnixMs } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { DAY_MS, MINUTE_MS } from '../../base/units.ts';
import type { RecordKind } from '../../union-load/ports.ts';
import { BOOK_FIGURES, type AuditedBooks, type BookEntry, type BookFigure } from '../audit/ports.ts';
import { GROUPS_MAX } from './figures-sql.ts';
import { exact } from './figures-sum.ts';
import type { PinotBroker } from './ports.ts';
import { PINOT_TABLES } from './table-names.ts';

const TIMES = {
  'ad-minutes': '"minute"',
  'attributed-orders': 'order_time',
} as const satisfies Readonly<Record<RecordKind, string>>;

const SUMS: Readonly<Record<BookFigure, string>> = {
  records: 'COUNT(*)',
  revisions: 'SUMPRECISION(revision)',
  impressions: 'SUMPRECISION(impressions)',
  clicks: 'SUMPRECISION(clicks)',
  costMicros: 'SUMPRECISION(cost_micros)',
  creditMicros: 'SUMPRECISION(credit_micros)',
};

/** Of each region, far below what an answer may have. */
const MINUTES_PER_STATEMENT = (30 * DAY_MS) / MINUTE_MS;

export interface PinotBooksOptions {
  /** The region whose Pinot it is. */
  readonly region: string;
  readonly kind: RecordKind;
  readonly broker: PinotBroker;
  /** How long it keeps records, ms. */
  readonly retentionMs: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** What a Pinot holds of the records of all regions, for the audit. */
export class PinotBooks implements AuditedBooks {
  readonly name: string;
  readonly kind: RecordKind;
  readonly figures: readonly BookFigure[];
  readonly stepMs = MINUTE_MS;
  readonly lagMs = 0;
  readonly advice: string;
  readonly #retentionMs: number;
  readonly #broker: PinotBroker;
  readonly #clock: Pick<Clock, 'now'>;

  constructor({ region, kind, broker, retentionMs, clock }: PinotBooksOptions) {
    this.name = `Pinot of ${region}`;
    this.kind = kind;
    this.figures = BOOK_FIGURES[kind];
    this.advice =
      `See that it has read topic ${region}.load.${kind}. If it has, delete its table ${PINOT_TABLES[kind]} and run ` +
      '"adtally cluster apply": the table is filled again from the topic, or with --replay from all that Kafka still holds.';
    this.#retentionMs = retentionMs;
    this.#broker = broker;
    this.#clock = clock;
  }

  heldFrom(): UnixMs {
    return this.#clock.now() - this.#retentionMs;
  }

  async entries(from: UnixMs): Promise<readonly BookEntry[]> {
    const entries: BookEntry[] = [];
    const stepMs = MINUTES_PER_STATEMENT * MINUTE_MS;
    for (let start = Math.max(from, this.heldFrom()); ; start += stepMs) {
      const isLast = start + stepMs > this.#clock.now();
      entries.push(...(await this.#part(start, isLast ? null : start + stepMs)));
      if (isLast) return entries;
    }
  }

  async #part(from: UnixMs, to: UnixMs | null): Promise<BookEntry[]> {
    const time = TIMES[this.kind];
    const minute = `CAST(FLOOR(${time} / ${MINUTE_MS}) * ${MINUTE_MS} AS LONG)`;
    const end = to === null ? '' : ` AND ${time} < ${to}`;
    const { rows } = await this.#broker.query(
      `SELECT region, ${minute}, ${this.figures.map((figure) => SUMS[figure]).join(', ')} FROM ${PINOT_TABLES[this.kind]}` +
        ` WHERE ${time} >= ${from}${end} GROUP BY region, ${minute} LIMIT ${GROUPS_MAX + 1}`,
    );
    if (rows.length > GROUPS_MAX)
      throw new AdtallyError(
        'capacity',
        `Pinot has more than ${GROUPS_MAX} minutes in ${MINUTES_PER_STATEMENT}.`,
      );
    return rows.map(([region, start, ...sums]) => ({
      region: String(region),
      start: Number(start),
      sums: Object.fromEntries(this.figures.map((figure, index) => [figure, exact(sums[index])])),
    }));
  }
}
