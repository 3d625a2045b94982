import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClusterAudit } from '../../src/cluster/audit/cluster-audit.ts';
import { Workplace } from '../cli/adtally-process.ts';
import { LocalCluster } from './servers/local-cluster.ts';
import { KilledCommand } from './whole/killed-command.ts';
import { committedBooks, type Books } from './whole/committed-books.ts';
import { Probes } from './whole/probes.ts';
import { pinotSums, sumsOfRows, type Sums } from './whole/pinot-sums.ts';
import type { FiguresReport } from '../../src/reporting/figures-report.ts';
import type { SqlAnswer } from '../../src/reporting/sql-answer.ts';

const SIDES = ['a', 'b'] as const;
type Side = (typeof SIDES)[number];

/** Events a second into each region. */
const RATE = 80;
const PATIENCE_MS = 240_000;
/** Killed one after the other while events come in; who is down stays so for a moment. */
const SERVERS = [
  'taskmanager',
  'kafka-a',
  'hive',
  'jobmanager',
  'pinot-b',
  'postgres',
  'mirror-maker',
  'zookeeper',
  'kafka-b',
];
const WAREHOUSE_SQL =
  'SELECT region, SUM(impressions), SUM(clicks) FROM warehouse.ad_minutes GROUP BY region ORDER BY region';
const UP_MS = 2500;
const DOWN_MS = 1000;

interface Victim {
  readonly name: string;
  readonly kill: () => Promise<void>;
  readonly heal: () => Promise<unknown>;
}

/** What the generator says at its end: what was due, by kind and by verdict. */
interface Sent {
  readonly events: number;
  readonly due: {
    readonly kinds: Readonly<Record<string, number>>;
    readonly verdicts: Readonly<Record<string, number>>;
  };
}

const place = new Workplace();
const senders = new Workplace();
const cluster = new LocalCluster(join(inject('clusterFolder'), 'killed-servers'));

describe('a cluster of two regions whose servers are killed under load', { timeout: 1_200_000 }, () => {
  const gateways = new Map<Side, KilledCommand>();
  const budgets: KilledCommand[] = [];
  const sent = new Map<Side, Sent>();

  beforeAll(async () => {
    await cluster.up('--regions', 'a,b', '--port-base', '0');
    await cluster.apply();
    for (const side of SIDES) gateways.set(side, await startGateway(side));
    for (const name of ['one', 'two']) budgets.push(await startBudget(name));
    await putCampaign(budgets[0].url);
  }, 600_000);

  afterAll(async () => {
    await senders.remove();
    await place.remove();
    await cluster.run('down', '--purge', '--yes');
  }, 120_000);

  const where = ['--cluster', cluster.directory, '--regions', 'a,b'];

  /** One of two charges, the other one takes over. */
  function startBudget(name: string): Promise<KilledCommand> {
    return KilledCommand.start(place, ['budget', 'serve', ...where, '--data', join(place.folder, name)]);
  }

  function startGateway(side: Side): Promise<KilledCommand> {
    return KilledCommand.start(place, [
      'gateway',
      ...where,
      '--region',
      side,
      '--data',
      join(place.folder, `gateway-${side}`),
    ]);
  }

  function victims(): readonly Victim[] {
    const servers = SERVERS.map((name): Victim => ({
      name,
      kill: () => cluster.kill(name),
      heal: () => cluster.up(),
    }));
    const commands = [
      ...[...gateways].map(([side, gateway]) => [`gateway-${side}`, gateway] as const),
      ...budgets.map((budget, n) => [`budget-${n}`, budget] as const),
    ].map(([name, command]): Victim => ({
      name,
      kill: () => command.kill(),
      heal: () => command.startAgain(),
    }));
    return [...servers, ...commands];
  }

  test('every event is counted once in every store, whatever was killed', async () => {
    const all = victims();
    const killed: string[] = [];
    const over = new AbortController();
    const load = Promise.all(SIDES.map(async (side, n) => sent.set(side, await generate(side, 100 + n))));
    const ended = load.finally(() => over.abort());
    const probing = new AbortController();
    const probes = new Probes(new Map(SIDES.map((side) => [side, () => gateways.get(side)!.url])));
    const probed = probes.run(probing.signal);
    for (let n = 0; !over.signal.aborted && n < all.length; n++) {
      const { name, kill, heal } = all[n];
      await sleep(UP_MS);
      await kill();
      await sleep(DOWN_MS);
      await heal();
      killed.push(name);
    }
    await sleep(UP_MS);
    // It sends until then: at Ctrl-C it says what it has sent.
    senders.signalAll('SIGINT');
    await ended;
    probing.abort();
    await probed;
    expect(killed).toEqual(all.map(({ name }) => name));
    // Nobody takes more than it was planned with.
    expect((await cluster.status()).filter((one) => one.residentBytes! > one.plannedBytes)).toEqual([]);

    for (const side of SIDES) {
      const { events, due } = sent.get(side)!;
      const books = await settled(side, events + probes.sent(side));
      expect(books.verdicts['counted']).toBe(due.verdicts['counted'] + probes.sent(side));
      // What was sent again after a lost answer is a duplicate, or judged again: nothing of it may be counted.
      for (const verdict of ['duplicate', 'conflict', 'late', 'future', 'invalid'])
        expect(books.verdicts[verdict]).toBeGreaterThanOrEqual(due.verdicts[verdict]);
      expect(sum(Object.values(books.verdicts))).toBe(books.messages);
    }
    const truth = Object.fromEntries(
      SIDES.map((side) => [side, dueSums(sent.get(side)!, probes.sent(side))]),
    );
    for (const side of SIDES)
      expect(await like(() => pinotSums(cluster.addresses.regions[side].pinotBroker!), truth)).toEqual(truth);
    expect(await like(warehouseSums, truth)).toEqual(truth);
    for (const side of SIDES) expect(await reported(gateways.get(side)!.url)).toEqual(sumsOf(truth));
    expect(await placed(gateways.get('a')!.url)).toEqual({ banner: probes.sent('a') + probes.sent('b') });
    // No report said that it reached further than it did, whatever was down.
    expect(probes.missing).toEqual([]);
    expect(probes.answers).toBeGreaterThan(0);
    for (const side of SIDES) await upToDate(gateways.get(side)!.url);
    expect(await cluster.lacks()).toEqual([]);
    // And by the audit: topics, Pinots, Hive and ledger, minute by minute.
    const { exact, books, findings } = await place.json<ClusterAudit>([
      'audit',
      '--cluster',
      cluster.directory,
    ]);
    expect({ exact, findings }).toEqual({ exact: true, findings: [] });
    // Of an hour that is still written to nothing is said of Hive.
    for (const store of ['Pinot of a', 'Pinot of b', 'ledger'])
      expect([store, books.some(({ name, equal }) => name === store && equal > 0)]).toEqual([store, true]);
  });

  async function generate(side: Side, seed: number): Promise<Sent> {
    const { url } = gateways.get(side)!;
    const load = ['--seed', String(seed), '--rate', String(RATE), '--batch', '100'];
    const { first } = await senders.start<Sent>(['generate', '--url', url, ...load]);
    return first;
  }

  /** The region's books once every message has its verdict. */
  async function settled(side: Side, least: number): Promise<Books> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const books = await committedBooks(cluster.addresses.regions[side].kafka, side);
      const isClosed = sum(Object.values(books.verdicts)) === books.messages;
      if ((isClosed && books.messages >= least) || performance.now() > deadline) return books;
      await sleep(1000);
    }
  }
});

/** What `found` finds; waits for `wanted`, and for the mirror that brings the other region's part. */
async function like<T>(found: () => Promise<T>, wanted: unknown): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = await found();
    if (JSON.stringify(now) === JSON.stringify(wanted) || performance.now() > deadline) return now;
    await sleep(1000);
  }
}

/** What Hive finds in the files that the job of the warehouse has finished; nothing while it does not answer. */
async function warehouseSums(): Promise<Record<string, Sums>> {
  const asked = ['sql', '--cluster', cluster.directory, WAREHOUSE_SQL, '--json'];
  const { exit, stdout } = await place.run(asked);
  return exit === 0 ? sumsOfRows((JSON.parse(stdout) as SqlAnswer).rows) : {};
}

/** All figures of both regions, as a gateway reports them. */
async function reported(url: string): Promise<Sums> {
  const response = await fetch(`${url}/v1/reports/figures?by=total&to=${Date.now() + 600_000}`);
  const { rows } = (await response.json()) as { readonly rows: readonly Sums[] };
  return sumsOf(Object.fromEntries(rows.map((row, n) => [n, row])));
}

function sumsOf(parts: Readonly<Record<string, Sums>>): Sums {
  const all = Object.values(parts);
  return {
    impressions: sum(all.map(({ impressions }) => impressions)),
    clicks: sum(all.map(({ clicks }) => clicks)),
  };
}

/** That of the probes. */
async function putCampaign(budgetUrl: string): Promise<void> {
  const campaign = {
    advertiserId: 'probes',
    currency: 'USD',
    dailyBudgetMicros: 1_000_000,
    timezone: 'UTC',
    start: '2026-01-01T00:00:00Z',
    placement: 'banner',
  };
  const { status } = await fetch(`${budgetUrl}/v1/campaigns/probes`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(campaign),
  });
  expect(status).toBe(200);
}

/** Impressions of the campaigns that have a placement. */
async function placed(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/v1/reports/figures?by=placement`);
  const { rows } = (await response.json()) as FiguresReport;
  const named = rows.filter(({ id }) => id !== null);
  return Object.fromEntries(named.map(({ id, impressions }) => [String(id), Number(impressions)]));
}

/** Until a report reaches up to now, of both regions. */
async function upToDate(url: string): Promise<void> {
  const from = Date.now();
  const report = async (): Promise<FiguresReport> => {
    const response = await fetch(`${url}/v1/reports/figures?by=total`);
    return (await response.json()) as FiguresReport;
  };
  await expect
    .poll(async () => Date.parse((await report()).asOf ?? ''), { timeout: PATIENCE_MS, interval: 1000 })
    .toBeGreaterThan(from);
}

function dueSums({ due: { kinds } }: Sent, probes: number): Sums {
  return { impressions: kinds['impression'] + probes, clicks: kinds['click'] };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
