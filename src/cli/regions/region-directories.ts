import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readRunningFile } from '../running-file.ts';

/** The engine's own mark of a data directory; named here because the engine takes long to load. */
const MANIFEST_PATH = 'MANIFEST';
const DEMO = 'demo';

/** Where the demo keeps its data: beside a real region's, never among them. */
export function demoData(data: string): string {
  return join(data, DEMO);
}

/**
 * The data directories of the regions that `data` stands for: itself, or those of a supervisor in it; where there is none, the
 * demo's. What runs goes before what rests. Of several the first region of the spec stands first. Empty when there is none.
 */
export function regionDirectories(data: string, regions: readonly string[]): string[] {
  const demo = demoData(data);
  const groups = [
    hasRegion(data) ? [data] : [],
    supervisedIn(data, regions),
    supervisedIn(demo, regions),
    hasRegion(demo) ? [demo] : [],
  ].filter((group) => group.length > 0);
  const running = groups.find((group) => group.some((directory) => readRunningFile(directory) !== undefined));
  return running ?? groups[0] ?? [];
}

function supervisedIn(data: string, regions: readonly string[]): string[] {
  if (!existsSync(data)) return [];
  const names = readdirSync(data, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== DEMO && hasRegion(join(data, entry.name)))
    .map(({ name }) => name);
  const rank = (name: string): number => (regions.includes(name) ? regions.indexOf(name) : Infinity);
  return names.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).map((name) => join(data, name));
}

function hasRegion(directory: string): boolean {
  return existsSync(join(directory, MANIFEST_PATH));
}
