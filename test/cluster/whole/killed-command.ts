import type { Started, Workplace } from '../../cli/adtally-process.ts';
import { freePort } from '../../free-port.ts';

type Serving = Started<{ readonly url: string }>;

/** A command that serves at the same address in all its lives. */
export class KilledCommand {
  readonly #start: () => Promise<Serving>;
  #running: Serving;

  private constructor(start: () => Promise<Serving>, running: Serving) {
    this.#start = start;
    this.#running = running;
  }

  /** `adtally ARGS` with a port that is free now. */
  static async start(place: Workplace, args: readonly string[]): Promise<KilledCommand> {
    const all = [...args, '--port', String(await freePort())];
    const start = (): Promise<Serving> => place.start(all);
    return new KilledCommand(start, await start());
  }

  get url(): string {
    return this.#running.first.url;
  }

  /** SIGKILL; resolves once it is dead. */
  async kill(): Promise<void> {
    this.#running.signal('SIGKILL');
    await this.#running.ended;
  }

  async startAgain(): Promise<void> {
    this.#running = await this.#start();
  }
}
