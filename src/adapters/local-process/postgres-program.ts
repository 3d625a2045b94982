import { existsSync, globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where Debian and its kin put the programs of each version; few of them are in PATH. */
const INSTALLED = '/usr/lib/postgresql/*/bin';

/** The folder with the programs of the newest PostgreSQL; undefined when there is none. */
export function postgresPrograms(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const installed = globSync(INSTALLED).toSorted((a, b) => versionOf(b) - versionOf(a));
  const folders = [...installed, ...(environment['PATH'] ?? '').split(':')];
  return folders.find(
    (folder) => folder !== '' && ['postgres', 'initdb'].every((program) => existsSync(join(folder, program))),
  );
}

/** Who PostgreSQL runs as: as root it refuses to start, and the user that its package makes stands in. Null for whoever runs this. */
export function postgresUser(): string | null {
  return process.getuid?.() === 0 ? 'postgres' : null;
}

/** The first folder from the root down to `directory` that those who neither own it nor are of its group may not enter. */
export function folderClosedToOthers(directory: string): string | undefined {
  const parent = dirname(directory);
  const above = parent === directory ? undefined : folderClosedToOthers(parent);
  return above ?? ((statSync(directory).mode & 0o001) === 0 ? directory : undefined);
}

function versionOf(folder: string): number {
  return Number(/postgresql\/(\d+)/.exec(folder)?.[1] ?? 0);
}
