/** A row of the table of rooms in ARCHITECTURE.md. */
export interface Room {
  /** Its folder under src/. */
  readonly name: string;
  /** Rooms, or files of rooms (`embedded/ports`), it may import. */
  readonly mayImport: readonly string[];
  /** Modules from outside the repository: `node:fs`, `node:*`, `fastify`, `*`. */
  readonly modules: readonly string[];
  /** Whether it may neither read a clock nor chance nor the process, nor start a timer. */
  readonly isPure: boolean;
}

/** Reads the table whose header begins with `| room |`. Names are in backticks; other words are for the reader. */
export function readRooms(architecture: string): Room[] {
  const lines = architecture.split('\n');
  const header = lines.findIndex((line) => line.startsWith('| room'));
  if (header === -1)
    throw new Error('ARCHITECTURE.md has no table of rooms: a header that begins with "| room".');
  const end = lines.findIndex((line, at) => at > header && !line.startsWith('|'));
  return lines.slice(header + 2, end).map((line) => {
    const [room, , mayImport, modules, pure] = line.split(/(?<!\\)\|/).slice(1);
    return {
      name: namesIn(room)[0],
      mayImport: namesIn(mayImport),
      modules: namesIn(modules),
      isPure: pure.trim() === 'yes',
    };
  });
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
}

/** The room a path stands in; undefined outside src/ and for a folder that the table does not know. */
export function roomOf(path: string, rooms: readonly Room[]): Room | undefined {
  return rooms
    .filter((room) => path.startsWith(`src/${room.name}/`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** Whether a file of `room` may import the file of the repository at `path`. */
export function mayImportFile(room: Room, path: string, rooms: readonly Room[]): boolean {
  const target = roomOf(path, rooms);
  if (target === undefined) return room.mayImport.includes('*');
  if (target.name === room.name) return true;
  const file = path.replace(/^src\//, '').replace(/\.(ts|js)$/, '');
  return room.mayImport.some((allowed) => allowed === '*' || allowed === target.name || allowed === file);
}

/** Whether `room` may import the module `specifier` from outside the repository. */
export function mayImportModule(room: Room, specifier: string): boolean {
  return room.modules.some(
    (allowed) =>
      allowed === '*' ||
      allowed === specifier ||
      specifier.startsWith(`${allowed}/`) ||
      (allowed === 'node:*' && specifier.startsWith('node:')),
  );
}
