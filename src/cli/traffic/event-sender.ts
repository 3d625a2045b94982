import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { RegionSender } from '../../client/region-sender.ts';
import { addTraffic, noTraffic, type TrafficGenerator, type TrafficTally } from '../../generator/traffic.ts';
import { noVerdicts, VERDICTS, type VerdictCounts } from '../../model/verdict.ts';

export interface SendOptions {
  readonly generator: TrafficGenerator;
  readonly sender: Pick<RegionSender, 'sendEvents'>;
  readonly clock: Clock;
  /** Events in all; Infinity goes on until `stop`. */
  readonly count: number;
  /** Undefined: as fast as the region answers. */
  readonly eventsPerSecond: number | undefined;
  /** Most events in one request. */
  readonly batchEvents: number;
  /** Requests under way at a time. */
  readonly connections: number;
  readonly stop: AbortSignal;
  readonly onProgress: (sent: SentTraffic) => void;
}

export interface SentTraffic {
  events: number;
  /** What was made, and what is due for it. */
  readonly due: TrafficTally;
  /** What the region said. */
  readonly verdicts: VerdictCounts;
  /** A gateway of a cluster said it, which knows only what is invalid. */
  isProvisional: boolean;
  resends: number;
  answersLost: number;
  durationMs: number;
}

/** How long a paced sender gathers events for a request. */
const TICK_MS = 100;

/** Sends generated traffic. Throws what the client throws, once the other requests under way have ended. */
export async function sendTraffic(options: SendOptions): Promise<SentTraffic> {
  const { generator, clock, count, connections, stop } = options;
  const sent: SentTraffic = {
    events: 0,
    due: noTraffic(),
    verdicts: noVerdicts(),
    isProvisional: false,
    resends: 0,
    answersLost: 0,
    durationMs: 0,
  };
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  const begunMs = clock.monotonicMs();
  while (!stop.aborted && failures.length === 0 && sent.events < count) {
    const size = Math.min(
      dueEvents(options, sent.events, clock.monotonicMs() - begunMs),
      count - sent.events,
    );
    if (size < 1) await sleep(TICK_MS);
    else if (underWay.size >= connections) await Promise.race(underWay);
    else {
      const { bytes, tally } = generator.next(size, clock.now());
      sent.events += size;
      addTraffic(sent.due, tally);
      const request = deliver(options, bytes, sent)
        .catch((error: unknown) => failures.push(error))
        .then(() => void underWay.delete(request));
      underWay.add(request);
    }
    sent.durationMs = clock.monotonicMs() - begunMs;
  }
  await Promise.all(underWay);
  sent.durationMs = clock.monotonicMs() - begunMs;
  if (failures.length > 0) throw failures[0];
  return sent;
}

/** How many events the next request may hold now. */
function dueEvents(
  { eventsPerSecond, batchEvents }: SendOptions,
  sentEvents: number,
  elapsedMs: number,
): number {
  if (eventsPerSecond === undefined) return batchEvents;
  const due = Math.floor(((elapsedMs + TICK_MS) * eventsPerSecond) / SECOND_MS) - sentEvents;
  return Math.min(due, batchEvents);
}

async function deliver(options: SendOptions, bytes: Uint8Array, sent: SentTraffic): Promise<void> {
  const { receipt, resends, answersLost } = await options.sender.sendEvents(bytes, options.stop);
  for (const verdict of VERDICTS) sent.verdicts[verdict] += receipt.verdicts[verdict];
  sent.isProvisional ||= receipt.provisional === true;
  sent.resends += resends;
  sent.answersLost += answersLost;
  options.onProgress(sent);
}
