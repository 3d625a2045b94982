import type { Doubt } from '../../base/settle.ts';
import type { ArrivalCheck } from './arrival-check.ts';
import { differing, stampOf, type Finding } from './finding.ts';
import type { EventTally } from './topics/event-tally.ts';

const ADVICE =
  'One of both was not written by the job: find out who else writes to these topics, then "adtally cluster apply --replay".';

/**
 * As many events were handed on as counted as there are verdicts that say so. It can be asked only while Kafka holds everything
 * from the beginning on and the job has read all of it: what was handed on says nothing of its minute of arrival.
 */
export class CountedCheck {
  readonly #region: string;
  readonly #arrivals: ArrivalCheck;
  readonly #events: EventTally;

  constructor(region: string, arrivals: ArrivalCheck, events: EventTally) {
    this.#region = region;
    this.#arrivals = arrivals;
    this.#events = events;
  }

  look(): Promise<ReadonlyMap<string, Doubt<Finding>>> {
    const { from, waiting, verdicts } = this.#arrivals.summary();
    const figures = [
      {
        figure: 'counted',
        expected: BigInt(verdicts['counted'] ?? 0),
        found: BigInt(this.#events.counted),
      },
    ];
    const isKnown = from === 0 && waiting === 0 && this.#events.from === 0;
    if (!isKnown || differing(figures).length === 0) return Promise.resolve(new Map());
    const finding: Finding = {
      place: `counted events of ${this.#region}`,
      kind: 'event',
      region: this.#region,
      start: null,
      stepMs: null,
      figures,
      detail: null,
      advice: ADVICE,
    };
    return Promise.resolve(new Map([['counted', { stamp: stampOf(figures), differences: [finding] }]]));
  }
}
