/** What an event costs when many ids are remembered already: two regions in one process, in turns. */
import { join } from 'node:path';
import type { Region } from '../../src/embedded/ports.ts';
import { ingestAll, openBenchRegion } from '../rig/bench-region.ts';
import { BodySource } from '../rig/bodies.ts';
import { fill } from '../rig/child.ts';
import { cpuMsOf, median, sum } from '../rig/cpu-time.ts';
import { answer, atMost, progress, told, withDirectory, type Run } from '../rig/measurement.ts';

const MILLION = 1_000_000;

interface Side {
  readonly ids: number;
  readonly region: Region;
  readonly nsPerEvent: number[];
}

async function openFilled(directory: string, ids: number): Promise<Side> {
  progress(`filling in ${ids / MILLION}M ids`);
  await fill(directory, ids, 0);
  return { ids, region: await openBenchRegion(directory), nsPerEvent: [] };
}

async function compare(directory: string, { isQuick }: Run): Promise<readonly Side[]> {
  const few = await openFilled(join(directory, 'few'), MILLION);
  const many = await openFilled(join(directory, 'many'), (isQuick ? 10 : 100) * MILLION);
  // Both count the same bodies: an event made for one is new to the other, too.
  const source = new BodySource(2, 1000);
  const events = isQuick ? 100_000 : 300_000;
  for (let round = 0; round < (isQuick ? 4 : 9); round++) {
    const bodies = source.make(events);
    // The full snapshot that is due would go on for many rounds, in those of the other side, too. Deltas are short.
    if (round === 1) await Promise.all([few.region.snapshot(), many.region.snapshot()]);
    for (const { region, nsPerEvent } of round % 2 === 0 ? [few, many] : [many, few]) {
      const cpuMs = await cpuMsOf(() => ingestAll(region, bodies));
      if (round > 0) nsPerEvent.push((cpuMs * 1e6) / events);
    }
    progress(
      [few, many]
        .map(({ ids, nsPerEvent }) => `${ids / MILLION}M ids: ${Math.round(nsPerEvent.at(-1) ?? 0)} ns`)
        .join(', '),
    );
  }
  return [few, many];
}

await answer((run) =>
  withDirectory(run, async (directory) => {
    const [few, many] = await compare(directory, run);
    const statuses = [few, many].map(({ region }) => region.status());
    await Promise.all([few.region.close(), many.region.close()]);
    const size = `${many.ids / MILLION}M ids against ${few.ids / MILLION}M`;
    return {
      findings: [
        atMost(`Cost of an event, ${size}`, sum(many.nsPerEvent) / sum(few.nsPerEvent), 1.5, ' times'),
        told('  CPU an event with many, median', median(many.nsPerEvent), ' ns'),
        told('  CPU an event with few, median', median(few.nsPerEvent), ' ns'),
      ],
      raw: [few, many].map(({ ids, nsPerEvent }, n) => ({ ids, nsPerEvent, status: statuses[n] })),
    };
  }),
);
