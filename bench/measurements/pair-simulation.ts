/** The simulation of two regions: how much faster than their own time its worlds pass. */
import { simulatePair } from '../../src/simulation/pair/simulate-pair.ts';
import { answer, atLeast, told } from '../rig/measurement.ts';

await answer(async ({ isQuick }) => {
  const seeds = isQuick ? 20 : 200;
  const cpuBefore = process.cpuUsage();
  const worlds: { readonly virtualMs: number; readonly realMs: number }[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const beginMs = performance.now();
    const { virtualMs } = await simulatePair(String(seed));
    worlds.push({ virtualMs, realMs: performance.now() - beginMs });
  }
  const virtualMs = worlds.reduce((sum, world) => sum + world.virtualMs, 0);
  const realMs = worlds.reduce((sum, world) => sum + world.realMs, 0);
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuMs = (user + system) / 1000;
  return {
    findings: [
      atLeast(`Simulated pairs of regions, ${seeds} seeds, times real time`, virtualMs / realMs, 100),
      told('  the same, times the CPU time', virtualMs / cpuMs),
      told('  seeds a second', (seeds / realMs) * 1000),
    ],
    raw: { worlds, cpuMs },
  };
});
