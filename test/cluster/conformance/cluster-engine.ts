import { adMinuteRecordId, attributedOrderRecordId } from '../../../src/model/record-id.ts';
import type { AttributionModel } from '../../../src/model/attributed-order.ts';
import type {
  ConformanceCase,
  ConformanceOutcome,
  ConformanceStep,
} from '../../conformance/conformance-case.ts';
import type { Side } from '../jobs/cases.ts';
import type { JobRig, TopicRecord } from '../jobs/job-rig.ts';
import type { SentStep } from '../jobs/sent-steps.ts';

const SIDES = ['a', 'b'] as const;

/** Runs all cases side by side on the jobs of two regions, and tells what became of each. */
export class ClusterEngine {
  readonly #rig: JobRig;
  readonly #caseMs: number;

  /** Events of one case arrive within `caseMs` of its first step, those of another one not. */
  constructor(rig: JobRig, caseMs: number) {
    this.#rig = rig;
    this.#caseMs = caseMs;
  }

  /** Sends what all cases send until they have the regions hear each other, waits for that, and goes on. */
  async run(cases: readonly ConformanceCase[]): Promise<void> {
    const all = cases.map(({ steps }) => roundsOf(steps));
    const count = Math.max(...all.map((rounds) => rounds.length));
    for (let round = 0; round < count; round++) {
      await this.#rig.send(all.flatMap((rounds) => rounds[round] ?? []));
      await this.#rig.settle();
    }
    // Answers are facts like others: when they come makes no difference.
    for (const { steps } of cases)
      for (const { to = 'a', answers = [] } of steps) await this.#rig.answer(to, answers);
  }

  close(): Promise<void> {
    return this.#rig.close();
  }

  outcomeOf(one: ConformanceCase): ConformanceOutcome {
    return {
      verdicts: this.#counts(one, 'event', ({ verdict }) => verdict),
      orderVerdicts: this.#counts(one, 'order', ({ verdict }) => verdict),
      codes: this.#counts(one, 'event', ({ verdict, code }) => (verdict === 'invalid' ? code : undefined)),
      ...this.recordsOf(one, 'a'),
    };
  }

  /** The case's records in the load topic of a region, under the names that the case has for regions. */
  recordsOf(one: ConformanceCase, side: Side): Pick<ConformanceOutcome, 'adMinutes' | 'orders'> {
    const ofCase = (kind: 'loadAdMinutes' | 'loadAttributedOrders', id: string): TopicRecord[] =>
      [...this.#rig.records(side, kind).values()].filter((record) =>
        String(record[id]).startsWith(one.prefix),
      );
    return {
      adMinutes: new Map(
        ofCase('loadAdMinutes', 'adId').map((record) => {
          const { adId, minute, currency } = record;
          const idIn = (region: string): string =>
            adMinuteRecordId(region, String(adId), Number(minute), String(currency));
          return this.#renamed(record, idIn);
        }),
      ),
      orders: new Map(
        ofCase('loadAttributedOrders', 'orderId').map((record) => {
          const { orderId, rank } = record;
          // JSON as a text.
          const enrichment = record['enrichment'] as string | null | undefined;
          const model = record['model'] as AttributionModel;
          const idIn = (region: string): string =>
            attributedOrderRecordId(region, String(orderId), model, Number(rank));
          const details: unknown = JSON.parse(enrichment ?? 'null');
          return this.#renamed({ ...record, enrichment: details }, idIn);
        }),
      ),
    };
  }

  #renamed(record: TopicRecord, idIn: (region: string) => string): [string, TopicRecord] {
    const region = String(record['region']);
    if (record.recordId !== idIn(region)) throw new Error(`${JSON.stringify(record)} has a wrong recordId.`);
    const recordId = idIn(this.#sideOf(region)!);
    const touchRegion = this.#sideOf(record['touchRegion']) ?? null;
    return [recordId, { ...record, recordId, region: this.#sideOf(region), touchRegion }];
  }

  #sideOf(region: unknown): Side | undefined {
    return SIDES.find((side) => this.#rig.names[side] === region);
  }

  #counts(
    { steps: [{ atMs }] }: ConformanceCase,
    kind: string,
    nameOf: (book: Readonly<Record<string, unknown>>) => unknown,
  ): Record<string, Record<string, number>> {
    const counts: Record<string, Record<string, number>> = {};
    for (const side of this.#rig.sides) {
      for (const book of this.#rig.books(side)) {
        const minute = Number(book['minute']);
        const name = nameOf(book);
        if (book['kind'] !== kind || minute < atMs || minute >= atMs + this.#caseMs) continue;
        if (typeof name !== 'string') continue;
        const ofSide = (counts[side] ??= {});
        ofSide[name] = (ofSide[name] ?? 0) + Number(book['count']);
      }
    }
    return counts;
  }
}

/** What is sent before both regions hear each other, again and again. */
function roundsOf(steps: readonly ConformanceStep[]): SentStep[][] {
  const rounds: SentStep[][] = [[]];
  for (const step of steps) {
    if (step.hear === true) rounds.push([]);
    else rounds.at(-1)!.push(...sentSteps(step));
  }
  return rounds;
}

function sentSteps({ atMs: arrival, to: at = 'a', events, orders, lines }: ConformanceStep): SentStep[] {
  const sent = (kind: 'event' | 'order', body: string): SentStep => ({
    at,
    kind,
    arrival,
    body,
    clusterVerdict: null,
  });
  return [
    ...(events ?? []).map((event) => sent('event', JSON.stringify(event))),
    ...(lines ?? []).map((line) => sent('event', line)),
    ...(orders ?? []).map((order) => sent('order', JSON.stringify(order))),
  ];
}
