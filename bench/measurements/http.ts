/**
 * The region behind HTTP on loopback, its client in another process: events per CPU-second of the server's process against
 * the engine alone in that same process; then, at half of what the machine takes, how soon an event is seen.
 */
import { BodySource } from '../rig/bodies.ts';
import { Child } from '../rig/child.ts';
import { median, quantile, sum } from '../rig/cpu-time.ts';
import {
  answer,
  atLeast,
  atMost,
  progress,
  told,
  withDirectory,
  type Finding,
  type Outcome,
  type Run,
} from '../rig/measurement.ts';
import { Probes } from '../rig/probes.ts';
import { Sender } from '../rig/senders.ts';

const EVENTS_PER_BODY = 1000;
const CONNECTIONS = 16;

interface Round {
  readonly events: number;
  readonly httpCpuMs: number;
  readonly httpMs: number;
  readonly engineCpuMs: number;
}

async function throughput(
  child: Child,
  sender: Sender,
  source: BodySource,
  isQuick: boolean,
): Promise<Round[]> {
  const events = isQuick ? 100_000 : 400_000;
  const rounds: Round[] = [];
  for (let round = 0; round < (isQuick ? 4 : 8); round++) {
    const bodies = source.make(events);
    const before = await child.ask<number>({ ask: 'cpu' });
    const httpMs = await sender.sendAll(bodies, CONNECTIONS);
    const httpCpuMs = (await child.ask<number>({ ask: 'cpu' })) - before;
    const engineCpuMs = await child.ask<number>({ ask: 'direct', events });
    progress(`HTTP ${ns(httpCpuMs, events)} ns an event, engine ${ns(engineCpuMs, events)} ns`);
    // The first round warms up.
    if (round > 0) rounds.push({ events, httpCpuMs, httpMs, engineCpuMs });
  }
  return rounds;
}

function ns(cpuMs: number, events: number): number {
  return Math.round((cpuMs * 1e6) / events);
}

function throughputFindings(rounds: readonly Round[]): Finding[] {
  const events = sum(rounds.map((round) => round.events));
  const httpCpuMs = sum(rounds.map((round) => round.httpCpuMs));
  const engineCpuMs = sum(rounds.map((round) => round.engineCpuMs));
  return [
    atLeast(
      'HTTP, batches of 1,000: share of the engine’s own rate',
      (engineCpuMs / httpCpuMs) * 100,
      60,
      ' %',
    ),
    told('  events per CPU-second of the server', (events / httpCpuMs) * 1000),
    told('  CPU an event, HTTP', (httpCpuMs * 1e6) / events, ' ns'),
    told('  CPU an event, engine alone', (engineCpuMs * 1e6) / events, ' ns'),
  ];
}

/** Events per second of wall time while the change feed is followed. */
async function rateWithSink(sender: Sender, source: BodySource, isQuick: boolean): Promise<number> {
  const events = isQuick ? 200_000 : 2_000_000;
  const bodies = source.make(events);
  const ms = await new Probes(sender).follow(() => sender.sendAll(bodies, CONNECTIONS));
  return (events / ms) * 1000;
}

async function freshness(
  child: Child,
  sender: Sender,
  source: BodySource,
  perSecond: number,
  isQuick: boolean,
): Promise<Outcome> {
  const bodies = source.make(
    Math.round((perSecond * (isQuick ? 4 : 15)) / EVENTS_PER_BODY) * EVENTS_PER_BODY,
  );
  await child.ask({ ask: 'waits' });
  const probes = await new Probes(sender).run(() => sender.sendPaced(bodies, perSecond / EVENTS_PER_BODY));
  const waits = await child.ask<number[]>({ ask: 'waits' });
  const followed = probes.map(({ seenMs, acknowledgedMs }) => Math.max(0, seenMs - acknowledgedMs));
  const sent = probes.map(({ seenMs, sentMs }) => seenMs - sentMs);
  const queried = probes
    .filter(({ queriedMs }) => queriedMs > 0)
    .map(({ queriedMs, acknowledgedMs }) => queriedMs - acknowledgedMs);
  const load = `at ${Math.round(perSecond / 1000)}k events/s`;
  return {
    findings: [
      atMost(
        `Acknowledged to seen in the change feed over HTTP, p99, ${load}`,
        quantile(followed, 0.99),
        50,
        ' ms',
      ),
      told('  p50', median(followed), ' ms'),
      told('  sent to seen in the change feed, p50', median(sent), ' ms'),
      told('  sent to seen in the change feed, p99', quantile(sent, 0.99), ' ms'),
      atMost(
        `Acknowledged to answered by a query that shows it, p99, ${load}`,
        quantile(queried, 0.99),
        50,
        ' ms',
      ),
      told('  p50', median(queried), ' ms'),
      told(`Accepted to visible within the region, p99, ${load}`, quantile(waits, 0.99), ' ms'),
      told('  p50', median(waits), ' ms'),
    ],
    raw: { perSecond, probes, waits },
  };
}

async function measure(directory: string, { isQuick }: Run): Promise<Outcome> {
  const child = new Child('http-region.ts', [directory]);
  const sender = new Sender(await child.ready<string>());
  try {
    const source = new BodySource(5, EVENTS_PER_BODY);
    const rounds = await throughput(child, sender, source, isQuick);
    const perSecondMax = median(rounds.map(({ events, httpMs }) => (events / httpMs) * 1000));
    // What is half depends on what else the two cores do: a sink that reads every change takes its share.
    const followedMax = await rateWithSink(sender, source, isQuick);
    const fresh = await freshness(child, sender, source, followedMax / 2, isQuick);
    const findings = [
      ...throughputFindings(rounds),
      told('  events per second of wall time, client on the same machine', perSecondMax),
      told('  the same with a sink that follows the change feed', followedMax),
      ...fresh.findings,
    ];
    return { findings, raw: { rounds, freshness: fresh.raw } };
  } finally {
    sender.close();
    await child.end();
  }
}

await answer((run) => withDirectory(run, (directory) => measure(directory, run)));
