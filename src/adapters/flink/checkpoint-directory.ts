import { readdir, stat } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CheckpointFiles } from '../../cluster/jobs/ports.ts';

/** A checkpoint is complete when this file is there: it is written last. */
const METADATA = '_metadata';

/** Checkpoints and savepoints in a file system that is mounted here. */
export class CheckpointDirectory implements CheckpointFiles {
  async newestComplete(directory: string): Promise<string | undefined> {
    if (!directory.startsWith('file:')) return undefined;
    const root = fileURLToPath(directory.replace(/^file:\/*/, 'file:///'));
    const found = await readdir(root, { recursive: true, withFileTypes: true }).catch(nothingThere);
    let newest: { readonly path: string; readonly time: number } | undefined;
    for (const entry of found) {
      if (!entry.isFile() || entry.name !== METADATA) continue;
      // An old one may be removed while we look.
      const time = await stat(`${entry.parentPath}/${METADATA}`).then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined,
      );
      if (time !== undefined && (newest === undefined || time > newest.time))
        newest = { path: entry.parentPath, time };
    }
    return newest === undefined ? undefined : pathToFileURL(newest.path).href;
  }
}

function nothingThere(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
