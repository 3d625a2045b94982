import { pino } from 'pino';
import { openKafkaAdmin } from '../../../adapters/kafka/kafka-admin.ts';
import { openKafkaReader } from '../../../adapters/kafka/kafka-reader.ts';
import { openKafkaTransactor } from '../../../adapters/kafka/kafka-transactor.ts';
import { nodeClock } from '../../../adapters/node-clock/node-clock.ts';
import { MINUTE_MS } from '../../../base/units.ts';
import { AnswerPublisher } from '../../../cluster/enrichment/answer-publisher.ts';
import { WaitingOrders } from '../../../cluster/enrichment/waiting-orders.ts';
import { topicNamesOf } from '../../../cluster/topic-names.ts';
import { Enricher } from '../../../enrichment/enricher.ts';
import type { EnrichmentStatus } from '../../../enrichment/enrichment-tally.ts';
import type { PipelineSpec } from '../../../pipeline/settings.ts';
import { openOrderService } from '../../order-enricher.ts';

/** Kafka aborts by itself what a dead enricher has left open: readers of answers wait no longer. */
const TRANSACTION_TIMEOUT_MS = MINUTE_MS;

export interface EnricherPlan {
  readonly spec: PipelineSpec;
  readonly region: string;
  /** `HOST:PORT` of brokers of the region's Kafka. */
  readonly brokers: readonly string[];
}

export interface RunningEnricher {
  /** Rejects when Kafka ends the reading, or with kafka_fenced when another enricher has taken over. */
  readonly failed: Promise<never>;
  status(): EnrichmentStatus & { readonly pending: number };
  close(): Promise<void>;
}

/**
 * Has the orders of a region of a cluster enriched: it follows the topic of records and writes answers to their topic. Rejects with
 * config_invalid, or kafka_unreachable where there is no Kafka.
 */
export async function runEnricher({ spec, region, brokers }: EnricherPlan): Promise<RunningEnricher> {
  const log = pino({ name: 'adtally-enricher' }, pino.destination({ dest: 2, sync: true }));
  const group = `adtally-${region}-enricher`;
  const address = { brokers, clientId: group, log };
  const { attributedOrders, enrichments } = topicNamesOf(region);
  const waiting = new WaitingOrders({
    model: spec.attribution.models[0],
    deadlineMs: spec.enrichment.deadline,
  });
  const failure = Promise.withResolvers<never>();
  // Whoever waits for it hears of it; a process that is being closed does not.
  failure.promise.catch(() => undefined);
  const publisher = new AnswerPublisher({
    topic: enrichments,
    group,
    openTransactor: () =>
      openKafkaTransactor(address, { transactionalId: group, timeoutMs: TRANSACTION_TIMEOUT_MS }),
    now: () => nodeClock.now(),
    offsets: () => waiting.offsets(),
    onPublished: (result) => waiting.answered(result),
    onFenced: failure.reject,
  });
  const { concurrency, attempts, backoff } = spec.enrichment;
  const enricher = new Enricher({
    clock: nodeClock,
    chance: Math.random,
    service: await openOrderService(spec),
    pendingOrders: waiting,
    submit: (result) => publisher.publish(result),
    concurrency,
    attempts,
    backoffMs: backoff,
  });
  const started = new AsyncDisposableStack();
  started.defer(() => publisher.close());
  started.defer(() => enricher.stop());
  try {
    // First: whoever ran before writes no position any more.
    await publisher.open();
    const reader = await openKafkaReader(address, {
      topics: [attributedOrders],
      from: await committed(address, group, attributedOrders),
      take: (messages) => {
        waiting.take(messages);
        enricher.wake();
        return Promise.resolve();
      },
      onFailure: failure.reject,
    });
    started.defer(() => reader.close());
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
  return {
    failed: failure.promise,
    status: () => ({ ...enricher.status(), pending: waiting.size }),
    close: () => started.disposeAsync(),
  };
}

async function committed(
  address: Parameters<typeof openKafkaAdmin>[0],
  group: string,
  topic: string,
): ReturnType<Awaited<ReturnType<typeof openKafkaAdmin>>['groupOffsets']> {
  const admin = await openKafkaAdmin(address);
  try {
    return await admin.groupOffsets(group, topic);
  } finally {
    await admin.close();
  }
}
