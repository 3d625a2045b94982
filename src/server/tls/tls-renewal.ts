import type { Clock } from '../../base/clock.ts';
import { MINUTE_MS } from '../../base/units.ts';
import type { TlsFiles, TlsPair } from './tls-files.ts';

const LOOK_EVERY_MS = MINUTE_MS;

export interface RenewalLog {
  error(fields: object, message: string): void;
}

/** Takes renewed files into use without a restart: looks every minute, and when asked. Connections that are open keep what they have. */
export class TlsRenewal {
  readonly #files: TlsFiles;
  readonly #use: (pair: TlsPair) => void;
  readonly #clock: Clock;
  readonly #log: RenewalLog | undefined;
  #cancel: () => void = () => {};

  constructor(files: TlsFiles, use: (pair: TlsPair) => void, clock: Clock, log: RenewalLog | undefined) {
    this.#files = files;
    this.#use = use;
    this.#clock = clock;
    this.#log = log;
    this.#lookLater();
  }

  /** Looks now. Files that do not fit leave the old ones in use, and are told of in the log. */
  look(): void {
    try {
      const pair = this.#files.renewed();
      if (pair !== undefined) this.#use(pair);
    } catch (error) {
      this.#log?.error({ err: error }, 'The renewed TLS files do not fit; the old ones stay in use');
    }
  }

  close(): void {
    this.#cancel();
  }

  #lookLater(): void {
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => {
      this.look();
      this.#lookLater();
    });
  }
}
