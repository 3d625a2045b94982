import type { Clock, UnixMs } from '../../base/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../../base/units.ts';
import type { RecordKind } from '../../union-load/ports.ts';
import type { AuditedBooks, BookEntry, BookFigure } from '../audit/ports.ts';
import { adMinuteSums, attributedOrderSums } from './hive-sums.ts';
import type { HiveSession } from './ports.ts';

/** A file ends every minute and is seen once its checkpoint is complete. */
const LAG_MS = 3 * MINUTE_MS;
const FIGURES = {
  'ad-minutes': ['records', 'impressions', 'clicks', 'costMicros'],
  'attributed-orders': ['records', 'creditMicros'],
} as const satisfies Readonly<Record<RecordKind, readonly BookFigure[]>>;

export interface HiveBooksOptions {
  readonly kind: RecordKind;
  /** The session to ask in, opened when it is needed. */
  readonly hive: () => Promise<HiveSession>;
  readonly clock: Pick<Clock, 'now'>;
  /** How far ahead of its arrival an event may be, ms. */
  readonly maxClockSkewMs: number;
}

/** What Hive holds of the records of all regions, for the audit: by the hour. */
export class HiveBooks implements AuditedBooks {
  readonly name = 'Hive';
  readonly stepMs = HOUR_MS;
  readonly lagMs = LAG_MS;
  readonly advice =
    'See that the warehouse job runs. If it does, move its files away and run "adtally cluster apply --replay": they are written again.';
  readonly kind: RecordKind;
  readonly figures: readonly BookFigure[];
  readonly #options: HiveBooksOptions;

  constructor(options: HiveBooksOptions) {
    this.kind = options.kind;
    this.figures = FIGURES[options.kind];
    this.#options = options;
  }

  /** The topics that the files are made of keep the latest revision of every record. */
  heldFrom(): UnixMs {
    return 0;
  }

  async entries(from: UnixMs): Promise<readonly BookEntry[]> {
    const { hive, clock, maxClockSkewMs } = this.#options;
    const to = Math.ceil((clock.now() + maxClockSkewMs + 1) / HOUR_MS) * HOUR_MS;
    const ask = this.kind === 'ad-minutes' ? adMinuteSums : attributedOrderSums;
    const found = await ask(await hive(), { from, to, by: 'hour' });
    return found.map(({ region, start, ...sums }) => ({ region, start, sums }));
  }
}
