/** Fills a data directory in a process of its own: `node bench/rig/fill.ts DIRECTORY IDS TAIL_EVENTS`. */
import { mkdir } from 'node:fs/promises';
import { fillDirectory } from './filled-directory.ts';

const [directory, ids, tailEvents] = process.argv.slice(2);
await mkdir(directory, { recursive: true });
await fillDirectory(directory, Number(ids), Number(tailEvents));
process.exit(0);
