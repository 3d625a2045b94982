/** How long a region with many ids takes to be back, and how much memory it needs for each of them. */
import { join } from 'node:path';
import { Child, fill } from '../rig/child.ts';
import { median } from '../rig/cpu-time.ts';
import type { Opened } from '../rig/idle-region.ts';
import { answer, atMost, progress, told, withDirectory } from '../rig/measurement.ts';

const MILLION = 1_000_000;
const TAIL_EVENTS = 500_000;

async function open(directory: string): Promise<Opened> {
  const child = new Child('idle-region.ts', [directory]);
  const opened = await child.ready<Opened>();
  await child.end();
  progress(`${opened.rememberedIds} ids after ${Math.round(opened.openMs)} ms`);
  return opened;
}

await answer((run) =>
  withDirectory(run, async (directory) => {
    const ids = (run.isQuick ? 5 : 50) * MILLION;
    progress(`filling in ${ids / MILLION}M ids`);
    await fill(join(directory, 'many'), ids, TAIL_EVENTS);
    await fill(join(directory, 'few'), 1000, TAIL_EVENTS);
    const few = await open(join(directory, 'few'));
    const rounds: Opened[] = [];
    for (let n = 0; n < 3; n++) rounds.push(await open(join(directory, 'many')));
    const many = rounds[0];
    const rssPerId = (many.rssBytes - few.rssBytes) / (many.rememberedIds - few.rememberedIds);
    const size = `${ids / MILLION}M ids and ${TAIL_EVENTS.toLocaleString('en')} events of log`;
    return {
      findings: [
        atMost(`Restart with ${size}, median`, median(rounds.map(({ openMs }) => openMs)) / 1000, 10, ' s'),
        told('  CPU of the whole process', median(rounds.map(({ cpuMs }) => cpuMs)) / 1000, ' s'),
        atMost(`Memory an id (growth of the process, RSS), at ${ids / MILLION}M`, rssPerId, 24, ' B'),
        told('  the index by its own account, new ids twice', many.idIndexBytes / many.rememberedIds, ' B'),
      ],
      raw: { few, rounds },
    };
  }),
);
