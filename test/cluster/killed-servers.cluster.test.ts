import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterAddresses } from '../../src/cluster/addresses.ts';
import type { ProcessStatus } from '../../src/cluster/local/process-status.ts';
import { Workplace, type Ended, type Started } from '../cli/adtally-process.ts';
import { committedBooks, type Books } from './whole/committed-books.ts';
import { pinotSums, type Sums } from './whole/pinot-sums.ts';

const SIDES = ['a', 'b'] as const;
type Side = (typeof SIDES)[number];

/** Events a second into each region; ADTALLY_CLUSTER_EVENTS says how many in all. */
const RATE = 80;
const EVENTS = Number(process.env['ADTALLY_CLUSTER_EVENTS'] ?? 36_000);
const PATIENCE_MS = 240_000;
/** Killed one after the other while events come in; what is down stays so for a moment, then "up" starts it again. */
const VICTIMS = ['taskmanager', 'kafka-a', 'jobmanager', 'pinot-b', 'mirror-maker', 'zookeeper', 'kafka-b'];

interface ClusterAnswer {
  readonly processes: readonly ProcessStatus[];
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
const data = join(place.folder, 'cluster');
const cluster = (command: string, ...args: string[]): Promise<Ended> =>
  place.run(['cluster', command, '--data', data, ...args, '--json']);

describe('a cluster of two regions whose servers are killed under load', { timeout: 1_200_000 }, () => {
  let addresses: ClusterAddresses;
  const gateways = new Map<Side, Started<{ readonly url: string }>>();
  const sent = new Map<Side, Sent>();

  beforeAll(async () => {
    const up = await cluster('up', '--regions', 'a,b', '--without', 'hive', '--port-base', '0');
    if (up.exit !== 0) throw new Error(up.stdout + up.stderr);
    const applied = await cluster('apply');
    if (applied.exit !== 0) throw new Error(applied.stdout + applied.stderr);
    addresses = JSON.parse(readFileSync(join(data, 'addresses.json'), 'utf8')) as ClusterAddresses;
    for (const side of SIDES) gateways.set(side, await startGateway(side));
  }, 600_000);

  afterAll(async () => {
    await cluster('down', '--purge', '--yes');
    await place.remove();
  }, 120_000);

  function startGateway(side: Side): Promise<Started<{ readonly url: string }>> {
    const keys = join(place.folder, `gateway-${side}`);
    const args = ['--cluster', data, '--regions', 'a,b', '--region', side, '--port', '0', '--data', keys];
    return place.start(['gateway', ...args]);
  }

  test('every event is counted once in both Pinots, whatever was killed', async () => {
    const killed: string[] = [];
    const over = new AbortController();
    const load = Promise.all(SIDES.map(async (side, n) => sent.set(side, await generate(side, 100 + n))));
    const ended = load.finally(() => over.abort());
    for (let n = 0; !over.signal.aborted && n < VICTIMS.length; n++) {
      await sleep(5000);
      await killAndHeal(VICTIMS[n]);
      killed.push(VICTIMS[n]);
    }
    await ended;
    expect(killed).toEqual(VICTIMS);

    for (const side of SIDES) {
      const { events, due } = sent.get(side)!;
      const books = await settled(side, events);
      expect(books.verdicts['counted']).toBe(due.verdicts['counted']);
      // What was sent again after a lost answer is a duplicate, or judged again: nothing of it may be counted.
      for (const verdict of ['duplicate', 'conflict', 'late', 'future', 'invalid'])
        expect(books.verdicts[verdict]).toBeGreaterThanOrEqual(due.verdicts[verdict]);
      expect(sum(Object.values(books.verdicts))).toBe(books.messages);
    }
    const truth = Object.fromEntries(SIDES.map((side) => [side, dueSums(sent.get(side)!)]));
    for (const side of SIDES) expect(await pinotLike(side, truth)).toEqual(truth);
    for (const side of SIDES) expect(await reported(gateways.get(side)!.first.url)).toEqual(sumsOf(truth));
    expect((await cluster('plan')).stdout).toBe('{"changes":[]}\n');
  });

  async function generate(side: Side, seed: number): Promise<Sent> {
    const { url } = gateways.get(side)!.first;
    const count = ['--count', String(EVENTS / 2), '--rate', String(RATE), '--batch', '100'];
    return place.json<Sent>(['generate', '--url', url, '--seed', String(seed), ...count]);
  }

  /** The region's books once every message has its verdict. */
  async function settled(side: Side, least: number): Promise<Books> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const books = await committedBooks(addresses.regions[side].kafka, side);
      const isClosed = sum(Object.values(books.verdicts)) === books.messages;
      if ((isClosed && books.messages >= least) || performance.now() > deadline) return books;
      await sleep(1000);
    }
  }

  /** What the Pinot of a region has; waits for `truth`, and for the mirror that brings the other region's part. */
  async function pinotLike(side: Side, truth: unknown): Promise<Readonly<Record<string, Sums>>> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await pinotSums(addresses.regions[side].pinotBroker);
      if (JSON.stringify(found) === JSON.stringify(truth) || performance.now() > deadline) return found;
      await sleep(1000);
    }
  }
});

async function killAndHeal(name: string): Promise<void> {
  const status = JSON.parse((await cluster('status')).stdout) as ClusterAnswer;
  process.kill(status.processes.find((one) => one.name === name)!.pid!, 'SIGKILL');
  await sleep(2000);
  const up = await cluster('up');
  expect([name, up.exit, up.exit === 0 ? '' : up.stdout]).toEqual([name, 0, '']);
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

function dueSums({ due: { kinds } }: Sent): Sums {
  return { impressions: kinds['impression'], clicks: kinds['click'] };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
