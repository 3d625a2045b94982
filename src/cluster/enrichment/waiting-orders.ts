import type { PendingOrder, PendingOrders } from '../../enrichment/ports.ts';
import type { AttributionModel } from '../../model/attributed-order.ts';
import type { NextOffset, ReceivedMessage } from '../kafka/ports.ts';

/** An order whose record says `pending`. */
interface WaitingOrder extends PendingOrder {
  /** Of the message that said so first. */
  readonly offset: bigint;
  /** Its answer is on its way: the record does not show it yet. */
  isAnswered: boolean;
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Of the message that follows what was read. */
  next: bigint;
  /** The one that was read first is the first. */
  readonly orders: Map<string, WaitingOrder>;
}

export interface WaitingOrdersOptions {
  /** Of an order's records the first one of this model tells. */
  readonly model: AttributionModel;
  /** How long after its record an order waits for its details, ms. */
  readonly deadlineMs: number;
}

/**
 * The orders that wait for their details, as the topic of records tells. It is what remembers them: who begins at `offsets` again
 * finds all that still wait.
 */
export class WaitingOrders implements PendingOrders {
  readonly #options: WaitingOrdersOptions;
  readonly #partitions = new Map<number, Partition>();

  constructor(options: WaitingOrdersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#all().reduce((sum, { orders }) => sum + orders.size, 0);
  }

  /** Takes messages of one partition, in their order. */
  take(messages: readonly ReceivedMessage[]): void {
    for (const message of messages) {
      const partition = this.#partitionOf(message);
      partition.next = message.offset + 1n;
      const record = recordIn(message.value);
      if (record === undefined || record.model !== this.#options.model || record.rank !== 0) continue;
      this.#note(partition, record, message);
    }
  }

  pending(limit: number, except: ReadonlySet<string>): readonly PendingOrder[] {
    return this.#all()
      .flatMap(({ orders }) => firstOf(orders.values(), limit, except))
      .toSorted((a, b) => a.deadline - b.deadline)
      .slice(0, limit);
  }

  /** The order is not asked for again, unless a later version waits. */
  answered({ orderId, orderVersion }: Pick<PendingOrder, 'orderId' | 'orderVersion'>): void {
    for (const { orders } of this.#all()) {
      const order = orders.get(orderId);
      if (order?.orderVersion === orderVersion) order.isAnswered = true;
    }
  }

  /** Where whoever comes next has to begin: at the oldest record of an order that still waits. */
  offsets(): NextOffset[] {
    return this.#all().map(({ topic, partition, next, orders }) => {
      const [oldest] = orders.values();
      return { topic, partition, offset: oldest?.offset ?? next };
    });
  }

  #all(): Partition[] {
    return [...this.#partitions.values()];
  }

  #partitionOf({ topic, partition, offset }: ReceivedMessage): Partition {
    const known = this.#partitions.get(partition);
    if (known !== undefined) return known;
    const fresh = { topic, partition, next: offset, orders: new Map<string, WaitingOrder>() };
    this.#partitions.set(partition, fresh);
    return fresh;
  }

  #note(partition: Partition, record: TopicRecord, { offset, timestamp }: ReceivedMessage): void {
    const { orderId, orderVersion, enrichmentStatus } = record;
    const isPending = enrichmentStatus === 'pending';
    const known = partition.orders.get(orderId);
    if (isPending && known?.orderVersion === orderVersion) return;
    // In every partition: with more of them, the order's record has moved.
    for (const { orders } of this.#all()) orders.delete(orderId);
    if (!isPending) return;
    const deadline = timestamp + this.#options.deadlineMs;
    partition.orders.set(orderId, { orderId, orderVersion, deadline, offset, isAnswered: false });
  }
}

function firstOf(orders: Iterable<WaitingOrder>, limit: number, except: ReadonlySet<string>): PendingOrder[] {
  const found: PendingOrder[] = [];
  for (const order of orders) {
    if (found.length === limit) break;
    if (!order.isAnswered && !except.has(order.orderId)) found.push(order);
  }
  return found;
}

/** What is read of a record. */
interface TopicRecord {
  readonly orderId: string;
  readonly orderVersion: number;
  readonly model: unknown;
  readonly rank: unknown;
  readonly enrichmentStatus: unknown;
}

/** Undefined for a tombstone, and for what no job has written. */
function recordIn(value: Uint8Array | null): TopicRecord | undefined {
  if (value === null) return undefined;
  try {
    const record = JSON.parse(Buffer.from(value).toString()) as Partial<TopicRecord> | null;
    const isRecord = typeof record?.orderId === 'string' && typeof record.orderVersion === 'number';
    return isRecord ? (record as TopicRecord) : undefined;
  } catch {
    return undefined;
  }
}
