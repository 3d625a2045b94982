import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFailed, test } from 'vitest';
import { Random } from '../../src/generator/random.ts';
import { freePort } from '../free-port.ts';
import { chargedByRecord } from './charged-records.ts';
import { Client } from './client.ts';
import { read } from './http-call.ts';
import { Ledger } from './ledger.ts';
import { RegionProcess } from './region-process.ts';

const KILLS = Number(process.env['ADTALLY_BUDGET_KILLS'] ?? 10);
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);
const NAMES = ['a', 'b'] as const;

/** One of two regions that follow each other's records, with clients of its own. */
class Side {
  readonly name: string;
  readonly ledger = new Ledger();
  readonly #directory: string;
  readonly #flags: readonly string[];
  region: RegionProcess;

  constructor(name: string, directory: string, ports: Readonly<Record<string, number>>) {
    const other = name === 'a' ? 'b' : 'a';
    this.name = name;
    this.#directory = join(directory, name);
    const peer = `${other}=http://127.0.0.1:${ports[other]}`;
    this.#flags = ['--port', String(ports[name]), '--regions', 'a,b', '--region', name, '--peer', peer];
    this.region = this.#start();
  }

  #start(): RegionProcess {
    return new RegionProcess(this.#directory, [], this.#flags);
  }

  async current(): Promise<string> {
    for (;;) {
      const url = await this.region.url;
      if (url !== undefined) return url;
      await sleep(5);
    }
  }

  async killAndStart(): Promise<void> {
    await this.region.kill();
    this.region = this.#start();
  }
}

async function putCampaign(url: string): Promise<void> {
  const terms = { advertiserId: 'acme', currency: 'EUR', dailyBudgetMicros: 1, timezone: 'UTC', start: 0 };
  const body = JSON.stringify({ ...terms, placement: 'search' });
  const headers = { 'content-type': 'application/json' };
  const { status } = await fetch(`${url}/v1/campaigns/campaign-0`, { method: 'PUT', body, headers });
  if (status !== 200) throw new Error(`the campaign was not taken: ${status}`);
}

interface BudgetAnswer {
  readonly exact: boolean;
  readonly recordsWaiting: number;
  readonly peers: readonly { readonly comparedWith: string; readonly recordsWaiting: number }[];
  readonly service: { readonly feeds: readonly { readonly caughtUp: boolean }[] };
}

test(
  `both regions' ledgers charge the records of both once through ${KILLS} kills`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'adtally-budget-regions-'));
    onTestFailed(() => {
      process.stderr.write(`The data is in ${directory}. To try again: ADTALLY_SEED=${SEED}\n`);
    });
    const random = new Random(SEED);
    const ports = { a: await freePort(), b: await freePort() };
    const sides = NAMES.map((name) => new Side(name, directory, ports));
    const stop = new AbortController();
    const working = Promise.all(
      sides.map((side, n) => new Client(side.name, new Random(SEED + n), side.ledger, side).run(stop.signal)),
    );
    try {
      await putCampaign(await sides[0].current());
      for (let kill = 0; kill < KILLS; kill++) {
        const side = sides[random.below(2)];
        await side.current();
        await sleep(random.below(800));
        await side.killAndStart();
      }
      stop.abort();
      await working;
      const truth = sides.flatMap(({ name, ledger }) => [...ledger.records(name).values()]);
      const costs = truth.filter(({ costMicros }) => costMicros > 0);
      for (const side of sides) {
        const url = await side.current();
        const audit = async (): Promise<BudgetAnswer> => JSON.parse(await read(`${url}/v1/audit/budget`));
        const settled = {
          exact: true,
          recordsWaiting: 0,
          peers: [{ comparedWith: 'records', recordsWaiting: 0 }],
        };
        await expect.poll(audit, { timeout: 60_000, interval: 500 }).toMatchObject(settled);
        const campaign = async (): Promise<object> =>
          JSON.parse(await read(`${url}/v1/campaigns/campaign-0`));
        await expect
          .poll(campaign, { timeout: 20_000 })
          .toMatchObject({ placement: 'search', updatedBy: 'a' });
        expect(await chargedByRecord(url)).toEqual(
          Object.fromEntries(costs.map(({ recordId, costMicros }) => [recordId, costMicros])),
        );
      }
    } finally {
      stop.abort();
      for (const { region } of sides) await region.kill();
    }
    await rm(directory, { recursive: true });
  },
  120_000 + KILLS * 10_000,
);
