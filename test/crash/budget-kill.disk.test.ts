import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFailed, test } from 'vitest';
import { Random } from '../../src/generator/random.ts';
import { chargedByRecord } from './charged-records.ts';
import { Client } from './client.ts';
import { read } from './http-call.ts';
import { Ledger } from './ledger.ts';
import { RegionProcess } from './region-process.ts';

const KILLS = Number(process.env['ADTALLY_BUDGET_KILLS'] ?? 12);
const SEED = Number(process.env['ADTALLY_SEED'] ?? Date.now() % 1_000_000);

test(
  `charges every record once through ${KILLS} kills`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'adtally-budget-kill-'));
    onTestFailed(() => {
      process.stderr.write(`The data is in ${directory}. To try again: ADTALLY_SEED=${SEED}\n`);
    });
    const random = new Random(SEED);
    const ledger = new Ledger();
    let region = new RegionProcess(directory);
    const current = async (): Promise<string> => {
      for (;;) {
        const url = await region.url;
        if (url !== undefined) return url;
        await sleep(5);
      }
    };
    const stop = new AbortController();
    const clients = [1, 2].map((n) => new Client(`b${n}`, new Random(SEED + n), ledger, { current }));
    const working = Promise.all(clients.map((client) => client.run(stop.signal)));
    let interrupted = 0;
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const url = await current();
        await sleep(random.below(600));
        const metrics = await read(`${url}/metrics`);
        if (/^adtally_budget_lag_seconds 0\.\d*[1-9]/m.test(metrics)) interrupted++;
        await region.kill();
        region = new RegionProcess(directory);
      }
      stop.abort();
      await working;
      const url = await current();
      const audit = JSON.parse(await read(`${url}/v1/audit/budget`)) as object;
      expect(audit).toMatchObject({ exact: true, recordsWaiting: 0, differences: [] });
      const truth = [...ledger.records('a').values()].filter(({ costMicros }) => costMicros > 0);
      expect(await chargedByRecord(url)).toEqual(
        Object.fromEntries(truth.map(({ recordId, costMicros }) => [recordId, costMicros])),
      );
      expect(interrupted, 'kills hit the ledger while it was behind').toBeGreaterThan(0);
    } finally {
      stop.abort();
      await region.kill();
    }
    await rm(directory, { recursive: true });
  },
  60_000 + KILLS * 10_000,
);
