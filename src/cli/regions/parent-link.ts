import { AdtallyError } from '../../base/errors.ts';
import type { DemoControl, DemoRegion } from '../../server/demo/demo-control.ts';
import { isDemoAnswer, type DemoQuestion } from './demo-messages.ts';

interface Waiting {
  readonly resolve: (regions: readonly DemoRegion[]) => void;
  readonly reject: (error: AdtallyError) => void;
}

/** The supervisor of this process, asked over the channel between the two. */
export class ParentDemo implements DemoControl {
  readonly #waiting = new Map<number, Waiting>();
  #questions = 0;

  constructor() {
    process.on('message', (message: unknown) => {
      if (!isDemoAnswer(message)) return;
      this.#waiting.get(message.question)?.resolve(message.regions);
      this.#waiting.delete(message.question);
    });
    process.once('disconnect', () => this.#giveUp());
    // The channel alone does not keep a region running.
    process.channel?.unref();
  }

  regions(): Promise<readonly DemoRegion[]> {
    return this.#ask('list', undefined);
  }

  kill(region: string): Promise<readonly DemoRegion[]> {
    return this.#ask('kill', region);
  }

  restart(region: string): Promise<readonly DemoRegion[]> {
    return this.#ask('restart', region);
  }

  #ask(ask: DemoQuestion['ask'], region: string | undefined): Promise<readonly DemoRegion[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly DemoRegion[]>();
    const message: DemoQuestion = { question: ++this.#questions, ask, region };
    this.#waiting.set(message.question, { resolve, reject });
    if (!process.connected) this.#giveUp();
    else {
      process.send!(message, undefined, undefined, (error: Error | null) => {
        if (error !== null) this.#giveUp();
      });
    }
    return promise;
  }

  #giveUp(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new AdtallyError('stopping', 'The supervisor of this region is gone, and the region stops.'));
    }
    this.#waiting.clear();
  }
}
