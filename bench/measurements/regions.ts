/**
 * Two regions as two processes with everything that belongs to them: how many events they take together until both reporting
 * stores have all of it, how soon an event of one is seen in the store of the other at half of that, and what replication costs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, sum } from '../rig/cpu-time.ts';
import { BodySource } from '../rig/bodies.ts';
import { oneEvent, storeLevel, touchKnown } from '../rig/levels.ts';
import { answer, atMost, progress, told, withDirectory, type Run } from '../rig/measurement.ts';
import { RegionCommand } from '../rig/region-command.ts';
import { Sender } from '../rig/senders.ts';

const BODY = 1000;
const IN_FLIGHT = 4;
const PROBE_EVERY_MS = 100;
/** The store is asked so often for the probes; each question reads the whole table and takes time of the load. */
const LOOK_EVERY_MS = 50;
const PROBES_SQL =
  "SELECT DISTINCT ad_id FROM reporting.ad_minutes WHERE region = 'a' AND advertiser_id = 'probes'";
/** Nothing but the engine and the peer's pages. */
const BARE = ['--reporting-enabled', 'no', '--warehouse-enabled', 'no', '--budget-enabled', 'no'];

/** Events a second, from the first one sent to both regions until both stores hold all. */
async function takenTogether(senders: readonly Sender[], events: number): Promise<number> {
  const sources = senders.map((_, n) => new BodySource(100 + n, BODY));
  const bodies = sources.map((source) => source.make(events / 2));
  const beginMs = performance.now();
  await Promise.all(senders.map((sender, n) => sender.sendAll(bodies[n], IN_FLIGHT)));
  const sentMs = performance.now() - beginMs;
  await allLevel(senders);
  const levelMs = performance.now() - beginMs;
  progress(`${events} events: acknowledged in ${sentMs.toFixed(0)} ms, level after ${levelMs.toFixed(0)} ms`);
  return (events / levelMs) * 1000;
}

async function allLevel([a, b]: readonly Sender[]): Promise<void> {
  await Promise.all([
    storeLevel(a, a, 'a'),
    storeLevel(a, b, 'b'),
    storeLevel(b, b, 'b'),
    storeLevel(b, a, 'a'),
  ]);
}

/** From acknowledged in a to seen in the store of b, ms, one by one, while both get `perSecond` events together. */
async function freshness(senders: readonly Sender[], perSecond: number, seconds: number): Promise<number[]> {
  const [a, b] = senders;
  const acknowledged = new Map<string, number>();
  const seen = new Map<string, number>();
  const loads = senders.map((sender, n) => {
    const bodies = new BodySource(200 + n, BODY).make(Math.ceil((perSecond * seconds) / 2 / BODY) * BODY);
    return sender.sendPaced(bodies, perSecond / 2 / BODY);
  });
  const load = Promise.all(loads);
  const over = new AbortController();
  const probing = (async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      await a.send(oneEvent(`probe-${n}`, `probe-${n}`, 'probe'));
      acknowledged.set(`probe-${n}`, performance.now());
      await sleep(PROBE_EVERY_MS);
    }
  })();
  const looking = (async () => {
    while (!over.signal.aborted || seen.size < acknowledged.size) {
      const { rows } = await b.post<{ rows: [string][] }>('/v1/sql', { sql: PROBES_SQL });
      for (const [adId] of rows) if (!seen.has(adId)) seen.set(adId, performance.now());
      await sleep(LOOK_EVERY_MS);
    }
  })();
  await load;
  over.abort();
  await Promise.all([probing, looking]);
  // One may be seen before its acknowledgement has come.
  return [...acknowledged].map(([id, atMs]) => Math.max(0, seen.get(id)! - atMs));
}

/** CPU of all processes an event, µs, when all events go to the first of them. */
async function cpuUs(regions: readonly RegionCommand[], events: number): Promise<number> {
  const senders = regions.map(({ url }) => new Sender(url));
  for (const region of regions) await region.start();
  const source = new BodySource(300, BODY);
  await senders[0].sendAll(source.make(events / 4), IN_FLIGHT);
  const before = sum(regions.map((region) => region.cpuMs()));
  await senders[0].sendAll(source.make(events), IN_FLIGHT);
  await senders[0].send(oneEvent('last', 'last', 'last'));
  for (const sender of senders) await touchKnown(sender, 'last');
  const spentMs = sum(regions.map((region) => region.cpuMs())) - before;
  for (const sender of senders) sender.close();
  for (const region of regions) await region.stop();
  return (spentMs * 1000) / events;
}

async function replicationUs(run: Run, events: number): Promise<{ alone: number; both: number }> {
  const alone = await withDirectory(run, async (directory) =>
    cpuUs([await RegionCommand.at(directory, BARE)], events),
  );
  const both = await withDirectory(run, async (directory) =>
    cpuUs(await RegionCommand.pair(directory, BARE), events),
  );
  return { alone, both };
}

await answer(async (run) => {
  const events = run.isQuick ? 200_000 : 1_000_000;
  const { alone, both } = await replicationUs(run, events);
  progress(`${alone.toFixed(2)} µs of CPU an event alone, ${both.toFixed(2)} with a peer`);
  return withDirectory(run, async (directory) => {
    const regions = await RegionCommand.pair(directory);
    for (const region of regions) await region.start();
    const senders = regions.map(({ url }) => new Sender(url));
    await takenTogether(senders, events / 4);
    const rate = await takenTogether(senders, events);
    const seconds = run.isQuick ? 10 : 40;
    const waits = await freshness(senders, rate / 2, seconds);
    for (const sender of senders) sender.close();
    for (const region of regions) await region.stop();
    const at = `at half load (${Math.round(rate / 2).toLocaleString('en')} events/s)`;
    return {
      findings: [
        told('Two regions: events a second together until both reporting stores have all', rate),
        atMost(
          `  acknowledged in a to visible in the store of b, p99, ${at}`,
          quantile(waits, 0.99),
          1000,
          ' ms',
        ),
        told('  the same, p50', quantile(waits, 0.5), ' ms'),
        told('  CPU of replication an event, both regions, without stores', both - alone, ' µs'),
        told('  CPU an event of one region alone, the same way', alone, ' µs'),
      ],
      raw: { events, rate, waits, alone, both },
    };
  });
});
