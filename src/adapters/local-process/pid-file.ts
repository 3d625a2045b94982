import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { AdtallyError } from '../../base/errors.ts';
import type { StartedProcess } from '../../cluster/local/ports.ts';

type Books = Readonly<Record<string, StartedProcess>>;

/** Which processes were started, in a file of JSON; replaced by rename, so that a crash leaves the old one or the new one. */
export class PidFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Throws AdtallyError data_corrupt for a file that is none of ours. */
  read(): Books {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
    const books = parse(text);
    if (books === undefined)
      throw new AdtallyError(
        'data_corrupt',
        `${this.#path} does not list processes. End those of the cluster by hand ("ps"), then remove it.`,
      );
    return books;
  }

  set(name: string, process: StartedProcess): void {
    this.#write({ ...this.read(), [name]: process });
  }

  remove(name: string): void {
    const { [name]: _removed, ...others } = this.read();
    this.#write(others);
  }

  #write(books: Books): void {
    const draft = `${this.#path}.new`;
    writeFileSync(draft, `${JSON.stringify(books, undefined, 2)}\n`);
    renameSync(draft, this.#path);
  }
}

function parse(text: string): Books | undefined {
  try {
    const books: unknown = JSON.parse(text);
    if (typeof books !== 'object' || books === null || Array.isArray(books)) return undefined;
    return Object.values(books).every(isStartedProcess) ? (books as Books) : undefined;
  } catch {
    return undefined;
  }
}

function isStartedProcess(value: unknown): value is StartedProcess {
  const { pid, birth, startedAt } = (value ?? {}) as Partial<Record<keyof StartedProcess, unknown>>;
  // A pid of 0 or below would mean a whole group of processes.
  return (
    Number.isSafeInteger(pid) &&
    (pid as number) > 1 &&
    typeof birth === 'string' &&
    typeof startedAt === 'number'
  );
}
