import { expect, test } from 'vitest';
import { simulatePair } from '../../src/simulation/pair/simulate-pair.ts';

/** How many worlds of two regions, and which one alone. */
const SEEDS = Number(process.env['SIM_SEEDS'] ?? (process.env['CI'] === undefined ? 300 : 2000));
const ONLY = process.env['SEED'];

async function reproducibly(seed: string): ReturnType<typeof simulatePair> {
  try {
    return await simulatePair(seed);
  } catch (error) {
    console.error(`reproduce: SEED=${seed} npx vitest run test/simulation/pair.test.ts`);
    throw error;
  }
}

test.runIf(ONLY !== undefined)(`the two regions of seed ${ONLY}`, { timeout: 600_000 }, async () => {
  const report = await reproducibly(ONLY!);
  expect(report.lives).toBeGreaterThan(0);
});

test.runIf(ONLY === undefined)(
  `${SEEDS} worlds of two regions end with one truth`,
  { timeout: 3_600_000 },
  async () => {
    const sum = { lives: 0, crashes: 0, acknowledged: 0, answers: 0, yielded: 0, virtualMs: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await reproducibly(String(seed));
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += report[key];
    }
    // A simulation in which nothing happens proves nothing.
    expect(sum.crashes).toBeGreaterThan(SEEDS / 4);
    expect(sum.acknowledged).toBeGreaterThan(SEEDS * 10);
    expect(sum.yielded).toBeGreaterThan(SEEDS / 4);
  },
);
