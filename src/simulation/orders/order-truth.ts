import {
  AttributionOracle,
  type OracleAttributedOrder,
  type OracleOrderVerdict,
  type OrderOutcome,
  type WithdrawnTouch,
} from '../../oracle/attribution-oracle.ts';
import type { OracleAttributionRules, OracleTouch } from '../../oracle/oracle-credits.ts';

/** One request of orders in the log, with what the oracle says became of each order. */
export interface JudgedOrders {
  readonly body: Uint8Array;
  readonly perOrder: readonly OrderOutcome[];
}

/** The rules of orders as the log has them. */
export interface LoggedOrderRules extends OracleAttributionRules {
  readonly enrichmentDeadlineMs: number;
}

/** What the order service said, as the log has it. */
interface LoggedAnswer {
  readonly orderId: string;
  readonly orderVersion: number;
  readonly status: 'ok' | 'pending' | 'unavailable';
  readonly enrichment: Readonly<Record<string, unknown>> | null;
}

type Enrichment = Pick<LoggedAnswer, 'status' | 'enrichment'>;

/** A record of an order as it has to be: all but its revision. */
export interface TrueRecord extends OracleAttributedOrder {
  readonly enrichment: Readonly<Record<string, unknown>> | null;
  readonly enrichmentStatus: LoggedAnswer['status'] | null;
}

/** What the log says of orders: who gets the credit by the oracle, and what the order service answered, put together plainly. */
export class OrderTruth {
  readonly requests: JudgedOrders[] = [];
  /** Answers of the order service, in the order of the log. */
  readonly answers: Uint8Array[] = [];
  readonly #oracle: AttributionOracle;
  readonly #enrichments = new Map<string, Enrichment>();
  #rules: LoggedOrderRules;

  constructor(region: string, rules: LoggedOrderRules) {
    this.#oracle = new AttributionOracle(region, rules);
    this.#rules = rules;
  }

  changeRules(rules: LoggedOrderRules, regions: readonly string[]): void {
    this.#oracle.changeRules(rules, regions);
    this.#rules = rules;
  }

  passTime(settled: number): void {
    this.#oracle.passTime(settled);
    const held = this.#oracle.orders();
    for (const orderId of this.#enrichments.keys()) if (!held.has(orderId)) this.#enrichments.delete(orderId);
  }

  takeTouch(touch: OracleTouch): void {
    this.#oracle.takeTouch(touch);
  }

  withdrawTouch(touch: WithdrawnTouch): void {
    this.#oracle.withdrawTouch(touch);
  }

  usersWithTouches(): string[] {
    return this.#oracle.usersWithTouches();
  }

  touchesOf(userId: string): readonly OracleTouch[] {
    return this.#oracle.touchesOf(userId);
  }

  takePeerOrder(bytes: Uint8Array): void {
    const orderId = this.#oracle.takePeerOrder(bytes);
    if (orderId !== undefined && this.#oracle.isOwn(orderId)) this.#askFor(orderId);
  }

  takeRequest(body: Uint8Array, orders: readonly Uint8Array[], arrival: number): void {
    const perOrder = orders.map((bytes) => {
      const outcome = this.#oracle.takeOrder(bytes, arrival);
      const isOwn = outcome.verdict === 'accepted' && this.#oracle.isOwn(outcome.orderId!);
      if (isOwn) this.#askFor(outcome.orderId!);
      return outcome;
    });
    this.requests.push({ body, perOrder });
  }

  /** An answer counts for the version it was given for, and nothing takes the place of one that was good. */
  takeAnswer(body: Uint8Array): void {
    this.answers.push(body);
    const answer = JSON.parse(Buffer.from(body).toString()) as LoggedAnswer;
    const order = this.#oracle.orders().get(answer.orderId);
    const before = this.#enrichments.get(answer.orderId);
    if (before === undefined || before.status === 'ok' || order?.orderVersion !== answer.orderVersion) return;
    const enrichment = answer.enrichment ?? before.enrichment;
    this.#enrichments.set(answer.orderId, { status: answer.status, enrichment });
  }

  /** The records with credit, or with a reason for none, by id. */
  records(): Map<string, TrueRecord> {
    const records = [...this.#oracle.records().values()].map((record) => {
      const isOwn = record.outcome !== 'yielded';
      const { status = null, enrichment = null } = (isOwn && this.#enrichments.get(record.orderId)) || {};
      return { ...record, enrichment, enrichmentStatus: status };
    });
    return new Map(records.map((record) => [record.recordId, record]));
  }

  orders(): ReturnType<AttributionOracle['orders']> {
    return this.#oracle.orders();
  }

  /** Ids of the orders that wait for the order service. */
  pending(): string[] {
    const waiting = [...this.#enrichments].filter(
      ([orderId, { status }]) => status === 'pending' && this.#oracle.isOwn(orderId),
    );
    return waiting.map(([orderId]) => orderId);
  }

  get droppedBefore(): number {
    return this.#oracle.droppedBefore;
  }

  /** How many orders had each verdict. */
  verdicts(): Map<OracleOrderVerdict, number> {
    const verdicts = new Map<OracleOrderVerdict, number>();
    for (const { verdict } of this.requests.flatMap(({ perOrder }) => perOrder)) {
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    return verdicts;
  }

  #askFor(orderId: string): void {
    if (this.#rules.enrichmentDeadlineMs === 0) return;
    const { enrichment = null } = this.#enrichments.get(orderId) ?? {};
    this.#enrichments.set(orderId, { status: 'pending', enrichment });
  }
}
