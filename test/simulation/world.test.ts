import { expect, test } from 'vitest';
import { simulate } from '../../src/simulation/simulate.ts';

/** How many worlds, and which one alone. */
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 200);
const ONLY = process.env['SEED'];

/** A failing seed says how to see it again, alone. */
async function reproducibly(seed: string): ReturnType<typeof simulate> {
  try {
    return await simulate(seed);
  } catch (error) {
    console.error(`reproduce: SEED=${seed} npx vitest run test/simulation/world.test.ts`);
    throw error;
  }
}

test.runIf(ONLY !== undefined)(`the world of seed ${ONLY}`, { timeout: 600_000 }, async () => {
  const report = await reproducibly(ONLY!);
  expect(report.lives).toBeGreaterThan(0);
});

test.runIf(ONLY === undefined)(`${SEEDS} worlds keep every promise`, { timeout: 3_600_000 }, async () => {
  const sum = { lives: 0, crashes: 0, failures: 0, acknowledged: 0, operations: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const report = await reproducibly(String(seed));
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += report[key];
  }
  // A simulation in which nothing happens proves nothing.
  expect(sum.crashes).toBeGreaterThan(SEEDS / 4);
  expect(sum.failures).toBeGreaterThan(SEEDS / 40);
  expect(sum.acknowledged).toBeGreaterThan(SEEDS * 10);
});
