/** Fetches a group in a process of its own: `node fetch-process.ts DIRECTORY URL LOCK`, the lock as a file. */
import { readFileSync } from 'node:fs';
import { parseArtifactLock } from '../../../src/adapters/artifact-store/artifact-lock.ts';
import { fetchArtifacts } from '../../../src/adapters/artifact-store/artifact-store.ts';

const [directory, url, lock] = process.argv.slice(2);
await fetchArtifacts(['kafka'], {
  directory,
  sources: { maven: url },
  locks: (group) => parseArtifactLock(group, readFileSync(lock, 'utf8')),
});
