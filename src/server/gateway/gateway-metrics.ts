import { Counter } from 'prom-client';
import { SECOND_MS } from '../../base/units.ts';
import { liveCounter, liveGauge, receivingGauge } from '../metrics.ts';
import { RegistryMetrics } from '../serving/registry-metrics.ts';

/** Figures of a gateway since its start. */
export interface GatewayFigures {
  readonly region: string;
  readonly events: { readonly received: number; readonly invalid: number };
  readonly orders: { readonly received: number; readonly invalid: number };
  readonly pendingBytes: number;
  readonly published: number;
  readonly publishMsLast: number;
  readonly failures: number;
  readonly isReady: boolean;
}

/** What `/metrics` of a gateway shows. */
export class GatewayMetrics extends RegistryMetrics {
  constructor(status: () => GatewayFigures, heldBytes: () => number) {
    super([
      takenIn('events', status),
      takenIn('orders', status),
      liveCounter(
        'adtally_kafka_messages_total',
        'Messages that Kafka has acknowledged to this gateway.',
        () => status().published,
      ),
      liveCounter(
        'adtally_kafka_failures_total',
        'Groups of messages that Kafka did not acknowledge to this gateway.',
        () => status().failures,
      ),
      liveGauge(
        'adtally_kafka_last_publish_seconds',
        'How long Kafka took for the last group of messages.',
        () => status().publishMsLast / SECOND_MS,
      ),
      liveGauge('adtally_kafka_ready', '1 while Kafka takes in what it is sent.', () =>
        status().isReady ? 1 : 0,
      ),
      liveGauge(
        'adtally_pending_bytes',
        'Memory of requests not yet done with.',
        () => status().pendingBytes,
      ),
      receivingGauge(heldBytes),
    ]);
  }
}

function takenIn(kind: 'events' | 'orders', status: () => GatewayFigures): Counter {
  return new Counter({
    name: `adtally_gateway_${kind}_total`,
    help: `What this gateway has taken in of ${kind}: "invalid", or "provisional" for all that is judged behind Kafka.`,
    labelNames: ['verdict'],
    registers: [],
    collect() {
      const { received, invalid } = status()[kind];
      this.reset();
      this.inc({ verdict: 'provisional' }, received - invalid);
      this.inc({ verdict: 'invalid' }, invalid);
    },
  });
}
