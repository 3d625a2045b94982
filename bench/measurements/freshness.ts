/**
 * How soon an acknowledged event is in the figures of Pinot, in its own region and in the other one, while both regions of a
 * cluster take in events evenly and Flink commits once a second: `npm run bench:freshness`.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpPinotBroker } from '../../src/adapters/pinot/pinot-broker.ts';
import { AdtallyError } from '../../src/base/errors.ts';
import { BenchCluster } from '../rig/bench-cluster.ts';
import { BodySource } from '../rig/bodies.ts';
import { quantile } from '../rig/cpu-time.ts';
import { GatewayCommand } from '../rig/gateway-command.ts';
import { oneEvent } from '../rig/levels.ts';
import { answer, atMost, progress, told, withDirectory, type Finding } from '../rig/measurement.ts';
import { Sender } from '../rig/senders.ts';

const REGIONS = ['a', 'b'];
const CHECKPOINT_INTERVAL_MS = 1000;
/** Beyond the interval of checkpoints. */
const SLACK_MS = 3000;
/** Into each region; small enough for two cores, which run all of both regions. */
const EVENTS_PER_SECOND = 500;
const BODY = 50;
const PROBE_EVERY_MS = 250;
const LOOK_EVERY_MS = 100;
/** Until JVMs have compiled what they run. */
const WARM_UP_SECONDS = 60;
const PATIENCE_MS = 60_000;
const PROBES_MAX = 10_000;

/** When something first was so, by the ad of the probe; on the clock of this process, ms. */
type Times = Map<string, number>;

interface Waits {
  readonly own: readonly number[];
  readonly other: readonly number[];
}

/** Sends a probe now and then into the region, each of an ad of its own, and notes when it is acknowledged. */
async function sendProbes(
  sender: Sender,
  prefix: string,
  acknowledged: Times,
  over: AbortSignal,
): Promise<void> {
  for (let n = 0; !over.aborted; n++) {
    const id = `${prefix}-${n}`;
    await sender.send(oneEvent(`probe-${id}`, id, 'probe'));
    acknowledged.set(id, performance.now());
    await sleep(PROBE_EVERY_MS);
  }
}

/** Notes when each probe is first in the figures, until all that were sent are there. */
async function lookForProbes(
  brokerUrl: string,
  acknowledged: Times,
  seen: Times,
  over: AbortSignal,
): Promise<void> {
  const broker = new HttpPinotBroker({ url: brokerUrl, timeoutMs: 10_000, groupsMax: PROBES_MAX });
  let deadline = Number.POSITIVE_INFINITY;
  for (;;) {
    const missing = [...acknowledged.keys()].filter((id) => !seen.has(id));
    if (over.aborted) {
      if (missing.length === 0) return;
      deadline = Math.min(deadline, performance.now() + PATIENCE_MS);
      if (performance.now() > deadline)
        throw new Error(`Of ${acknowledged.size} probes ${missing.length} are not in Pinot.`);
    }
    const found = missing.length === 0 ? [] : await probesIn(broker, missing);
    for (const adId of found) seen.set(adId, performance.now());
    await sleep(LOOK_EVERY_MS);
  }
}

/** Which of the probes are there. Nothing while Pinot is between two segments, which it says. */
async function probesIn(broker: HttpPinotBroker, adIds: readonly string[]): Promise<string[]> {
  const list = adIds.map((adId) => `'${adId}'`).join();
  try {
    const { rows } = await broker.query(
      `SELECT ad_id, SUM(impressions) FROM ad_minutes WHERE ad_id IN (${list}) GROUP BY ad_id LIMIT ${PROBES_MAX}`,
    );
    return rows.map(([adId]) => String(adId));
  } catch (error) {
    if (error instanceof AdtallyError) return [];
    throw error;
  }
}

/** Load into both regions for so long, with probes among it. */
async function measure(
  cluster: BenchCluster,
  senders: readonly Sender[],
  seed: number,
  seconds: number,
): Promise<Waits> {
  const acknowledged: Times = new Map();
  const seen = REGIONS.map((): Times => new Map());
  const over = new AbortController();
  const load = Promise.all(
    senders.map((sender, n) => {
      const bodies = new BodySource(seed + n, BODY).make(EVENTS_PER_SECOND * seconds);
      return sender.sendPaced(bodies, EVENTS_PER_SECOND / BODY);
    }),
  );
  const probing = REGIONS.map((region, n) =>
    sendProbes(senders[n], `${region}-${seed}`, acknowledged, over.signal),
  );
  const looking = REGIONS.map((region, n) =>
    lookForProbes(cluster.addresses.regions[region].pinotBroker!, acknowledged, seen[n], over.signal),
  );
  const ended = load.finally(() => over.abort());
  await Promise.all([ended, ...probing, ...looking]);
  const waits = { own: [] as number[], other: [] as number[] };
  for (const [adId, atMs] of acknowledged) {
    for (const [n, region] of REGIONS.entries()) {
      const kind = adId.startsWith(`${region}-`) ? 'own' : 'other';
      // One may be seen before its acknowledgement has come.
      waits[kind].push(Math.max(0, seen[n].get(adId)! - atMs));
    }
  }
  return waits;
}

function findingsOf({ own, other }: Waits): Finding[] {
  const at = `at ${EVENTS_PER_SECOND * REGIONS.length} events/s, checkpoints every ${CHECKPOINT_INTERVAL_MS / 1000} s`;
  const goalMs = CHECKPOINT_INTERVAL_MS + SLACK_MS;
  return [
    atMost(
      `Acknowledged to visible in the Pinot of its region, p99, ${at}`,
      quantile(own, 0.99),
      goalMs,
      ' ms',
    ),
    told('  the same, p50', quantile(own, 0.5), ' ms'),
    atMost('  in the Pinot of the other region, p99', quantile(other, 0.99), goalMs, ' ms'),
    told('  the same, p50', quantile(other, 0.5), ' ms'),
  ];
}

await answer((run) =>
  withDirectory(run, async (directory) => {
    const interval = ['--checkpoint-interval', String(CHECKPOINT_INTERVAL_MS)];
    const options = ['--regions', REGIONS.join(), '--without', 'hive', 'postgres', ...interval];
    const cluster = await BenchCluster.start(join(directory, 'cluster'), options);
    const started = new AsyncDisposableStack();
    started.defer(() => cluster.stop());
    try {
      await cluster.apply();
      const senders: Sender[] = [];
      for (const region of REGIONS) {
        const gateway = await GatewayCommand.start(cluster, region);
        started.defer(() => gateway.stop());
        const sender = new Sender(gateway.url);
        started.defer(() => sender.close());
        senders.push(sender);
      }
      progress(`warming for ${WARM_UP_SECONDS} s`);
      await measure(cluster, senders, 100, WARM_UP_SECONDS);
      const waits = await measure(cluster, senders, 200, run.isQuick ? 30 : 180);
      return { findings: findingsOf(waits), raw: waits };
    } finally {
      await started.disposeAsync();
    }
  }),
);
