import { existsSync, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { UnixMs } from '../../base/clock.ts';
import type { CheckpointFiles } from '../../cluster/jobs/ports.ts';

/** A checkpoint is complete when this file is there: it is written last. */
const METADATA = '_metadata';

/** Checkpoints and savepoints in a file system that is mounted here. */
export class CheckpointDirectory implements CheckpointFiles {
  async newestComplete(directory: string): Promise<string | undefined> {
    const root = mountedPath(directory);
    if (root === undefined) return undefined;
    const found = await entriesBelow(root);
    let newest: { readonly path: string; readonly time: number } | undefined;
    for (const entry of found) {
      if (!entry.isFile() || entry.name !== METADATA) continue;
      // An old one may be removed while we look.
      const time = await metadataTime(entry.parentPath);
      if (time !== undefined && (newest === undefined || time > newest.time))
        newest = { path: entry.parentPath, time };
    }
    return newest === undefined ? undefined : pathToFileURL(newest.path).href;
  }

  async completedAt(path: string): Promise<UnixMs | undefined> {
    const mounted = mountedPath(path);
    return mounted === undefined ? undefined : metadataTime(mounted);
  }
}

/** Flink writes such URIs with one slash, Node with three. */
function mountedPath(uri: string): string | undefined {
  return uri.startsWith('file:') ? fileURLToPath(uri.replace(/^file:\/*/, 'file:///')) : undefined;
}

async function metadataTime(path: string): Promise<UnixMs | undefined> {
  return stat(`${path}/${METADATA}`).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}

/** A folder that is removed while we look ends the look: that is not yet nothing, as long as the root is there. */
async function entriesBelow(root: string): Promise<Dirent[]> {
  for (;;) {
    try {
      return await readdir(root, { recursive: true, withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (!existsSync(root)) return [];
    }
  }
}
