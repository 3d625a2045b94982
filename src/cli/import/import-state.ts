import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { TimeShift } from './time-shift.ts';

/** How far an import has come. It saves work only: without it everything is sent again, and counts nothing twice. */
export interface ImportState {
  readonly version: 1;
  /** What was imported, how and to where; another import begins anew. */
  readonly fingerprint: string;
  /** Kept, so that a second run sends the same events. */
  readonly shift: TimeShift | null;
  /** Rows answered by the region, per file in the order of the command. */
  readonly rowsDone: number[];
  complete: boolean;
}

/** The state of an earlier run of this import; undefined when there is none. */
export function readImportState(path: string, fingerprint: string): ImportState | undefined {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as Partial<ImportState>;
    return state.version === 1 && state.fingerprint === fingerprint ? (state as ImportState) : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the file at once; false when the disk does not let it. */
export function writeImportState(path: string, state: ImportState): boolean {
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(state)}\n`);
    renameSync(`${path}.new`, path);
    return true;
  } catch {
    return false;
  }
}
