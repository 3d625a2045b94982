import type { Clock, UnixMs } from '../../base/clock.ts';
import type { Doubt } from '../../base/settle.ts';
import { MINUTE_MS } from '../../base/units.ts';
import type { NextOffset } from '../kafka/ports.ts';
import { differing, stampOf, type Finding } from './finding.ts';
import type { ArrivalTally } from './topics/arrival-tally.ts';
import type { ReceivedKind, VerdictTally } from './topics/verdict-tally.ts';

/** So long after the end of a minute a gateway may still have messages of it on their way. */
const FILLING_MS = MINUTE_MS;
const ADVICE =
  'See that the job runs, then have it judge again all that Kafka still holds: "adtally cluster apply --replay".';

/** What a region received of a kind, and what its job said of it, over the minutes whose messages are all still there. */
export interface ArrivalSummary {
  readonly region: string;
  readonly kind: ReceivedKind;
  readonly received: number;
  readonly verdicts: Readonly<Record<string, number>>;
  /** Messages that are no JSON object: somebody wrote them past the gateway, and no job judges them. */
  readonly malformed: number;
  /** Minutes of arrival in which received = the sum of the verdicts + malformed. */
  readonly minutesEqual: number;
  /** Minutes that are not over, or that the job has not read to their end: nothing is said of them. */
  readonly minutesProvisional: number;
  /** Messages that the job has not read yet, about. */
  readonly waiting: number;
  /** Minutes of before this were left out: Kafka does not hold all of them any more, Unix ms; 0 when it does. */
  readonly from: UnixMs;
}

export interface ArrivalCheckOptions {
  readonly region: string;
  readonly kind: ReceivedKind;
  readonly arrivals: ArrivalTally;
  readonly verdicts: VerdictTally;
  /** Where the job that judges them reads on; asked after it was last looked at. */
  readonly next: () => readonly NextOffset[];
  readonly clock: Pick<Clock, 'now'>;
}

/** Every message has exactly one verdict, minute of arrival by minute of arrival. */
export class ArrivalCheck {
  readonly #options: ArrivalCheckOptions;
  readonly #agreed = new Set<UnixMs>();

  constructor(options: ArrivalCheckOptions) {
    this.#options = options;
  }

  /** Minutes in doubt, by their start. */
  look(): Promise<ReadonlyMap<string, Doubt<Finding>>> {
    const { region, kind } = this.#options;
    const doubts = new Map<string, Doubt<Finding>>();
    for (const start of this.#minutes()) {
      if (this.#agreed.has(start) || this.#isProvisional(start)) continue;
      const figures = [{ figure: 'verdicts', ...this.#sides(start) }];
      if (differing(figures).length === 0) {
        this.#agreed.add(start);
        continue;
      }
      const place = `verdicts of ${region}`;
      const finding = {
        place,
        kind,
        region,
        start,
        stepMs: MINUTE_MS,
        figures,
        detail: null,
        advice: ADVICE,
      };
      doubts.set(String(start), { stamp: stampOf(figures), differences: [finding] });
    }
    return Promise.resolve(doubts);
  }

  summary(): ArrivalSummary {
    const { region, kind, arrivals, verdicts, next } = this.#options;
    const minutes = this.#minutes();
    const sums: Record<string, number> = {};
    let [received, malformed] = [0, 0];
    for (const minute of minutes) {
      const arrived = arrivals.minutes.get(minute);
      received += arrived?.received ?? 0;
      malformed += arrived?.malformed ?? 0;
      for (const [verdict, count] of Object.entries(verdicts.counts(kind, minute)))
        sums[verdict] = (sums[verdict] ?? 0) + count;
    }
    return {
      region,
      kind,
      received,
      verdicts: sums,
      malformed,
      minutesEqual: this.#agreed.size,
      minutesProvisional: minutes.filter((minute) => !this.#agreed.has(minute) && this.#isProvisional(minute))
        .length,
      waiting: arrivals.waiting(next()),
      from: arrivals.kept.from,
    };
  }

  #minutes(): UnixMs[] {
    const { kind, arrivals, verdicts } = this.#options;
    const all = new Set([...arrivals.minutes.keys(), ...verdicts.minutes(kind)]);
    return [...all].filter((minute) => minute >= arrivals.kept.from).toSorted((a, b) => a - b);
  }

  #isProvisional(minute: UnixMs): boolean {
    const { arrivals, next, clock } = this.#options;
    return minute + MINUTE_MS + FILLING_MS > clock.now() || !arrivals.isRead(minute, next());
  }

  #sides(minute: UnixMs): { readonly expected: bigint; readonly found: bigint } {
    const { kind, arrivals, verdicts } = this.#options;
    const { received, malformed } = arrivals.minutes.get(minute) ?? { received: 0, malformed: 0 };
    const judged = Object.values(verdicts.counts(kind, minute)).reduce((sum, count) => sum + count, 0);
    return { expected: BigInt(received - malformed), found: BigInt(judged) };
  }
}
