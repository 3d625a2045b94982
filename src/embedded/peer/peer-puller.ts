import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { PeerPosition, PullStatus, Region } from '../ports.ts';
import { decodePeerPage } from './peer-page.ts';

/** The peer, asked for its pages. */
export interface PeerSource {
  /**
   * The page that follows a position; when there is nothing in it, what comes within `waitMs`. Rejects when the peer does not
   * answer, or not as it should.
   */
  next(after: PeerPosition, waitMs: number, stop: AbortSignal): Promise<Uint8Array>;
}

const WAIT_MS = SECOND_MS;
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 2 * SECOND_MS;
/** A page without content is taken in when it brings the time so much further: what is settled follows it. */
const PROGRESS_MS = 10 * SECOND_MS;
/** … or so many blocks: the peer need not pass over them again. */
const BLOCKS_PASSED_MAX = 1000;

export interface PullerOptions {
  readonly region: Pick<Region, 'name' | 'peerPosition' | 'takePeerPage'>;
  /** Name of the peer. */
  readonly peer: string;
  readonly source: PeerSource;
  readonly clock: Clock;
}

/** Fetches what the peer has counted, page by page, and enters it into the log. */
export class PeerPuller {
  readonly #options: PullerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  /** What the last page said that was taken in. */
  #told = { through: 0, heard: 0 };
  #pauseMs = PAUSE_MS_MIN;
  #cancelPause = (): void => {};
  #status: PullStatus;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#status = { isConnected: false, pages: 0, silentSince: options.clock.now(), lastError: null };
  }

  get status(): PullStatus {
    return this.#status;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves once no question is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelPause();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#pull();
        this.#pauseMs = PAUSE_MS_MIN;
        this.#status = { ...this.#status, isConnected: true, silentSince: null, lastError: null };
      } catch (error) {
        if (signal.aborted) return;
        this.#noteFailure(error as Error);
        await this.#pause();
      }
    }
  }

  async #pull(): Promise<void> {
    const { region, peer, source } = this.#options;
    const position = region.peerPosition();
    const page = await source.next(position, WAIT_MS, this.#stop.signal);
    const { region: from, through, heard, count, block } = decodePeerPage(page);
    if (from !== peer) {
      throw new AdtallyError('peer_mismatch', `Where region ${peer} should be, ${from} answers.`);
    }
    const isLater = through >= this.#told.through + PROGRESS_MS || heard >= this.#told.heard + PROGRESS_MS;
    if (count === 0 && !isLater && block <= position.block + BLOCKS_PASSED_MAX) return;
    await region.takePeerPage(page);
    this.#told = { through, heard };
    this.#status = { ...this.#status, pages: this.#status.pages + 1 };
  }

  #noteFailure({ message }: Error): void {
    const { clock } = this.#options;
    this.#status = {
      ...this.#status,
      isConnected: false,
      silentSince: this.#status.silentSince ?? clock.now(),
      lastError: message,
    };
  }

  #pause(): Promise<void> {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(pauseMs, resolve);
      this.#cancelPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
