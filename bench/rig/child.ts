import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A directory with `ids` remembered ids and a tail of log, made in a process that leaves no memory behind. */
export async function fill(directory: string, ids: number, tailEvents: number): Promise<void> {
  const script = fileURLToPath(new URL('fill.ts', import.meta.url));
  await run(process.execPath, [script, directory, String(ids), String(tailEvents)]);
}

/** A process of its own that answers one message after the other. */
export class Child {
  readonly #process: ChildProcess;

  /** `script` stands beside this file. */
  constructor(script: string, args: readonly string[]) {
    this.#process = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
      execArgv: ['--expose-gc'],
      serialization: 'advanced',
    });
  }

  /** Its first message. */
  ready<Message>(): Promise<Message> {
    return this.#next() as Promise<Message>;
  }

  async ask<Answer>(question: unknown): Promise<Answer> {
    const answer = this.#next();
    this.#process.send(question as object);
    return (await answer) as Answer;
  }

  /** Ends the process at once. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }

  async #next(): Promise<unknown> {
    const died = new AbortController();
    const onExit = (code: number | null): void => died.abort(new Error(`a child ended with ${code}`));
    this.#process.once('exit', onExit);
    try {
      const [message] = (await once(this.#process, 'message', { signal: died.signal })) as [unknown];
      return message;
    } finally {
      this.#process.off('exit', onExit);
    }
  }
}
