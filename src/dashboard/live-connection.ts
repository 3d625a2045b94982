export type ConnectionState =
  /** No frame yet, or none since the page was left alone. */
  | 'connecting'
  /** Frames come. */
  | 'live'
  /** It broke or fell silent; the next attempt is on its way. */
  | 'lost';

/** A frame comes about twice a second; after this silence the connection counts as lost. */
const SILENCE_MS = 5000;
/** A page nobody looks at gives its stream up after this: a browser has six connections for all pages of a region. */
const UNSEEN_MS = 30_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 10_000;

/** Wait before the attempt with this number (from 0): doubles up to ten seconds, spread by ±20% over many pages. */
export function backoffMs(attempt: number, random: number): number {
  const wait = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(wait * (0.8 + 0.4 * random));
}

/**
 * The page's one event stream. An EventSource reconnects by itself only after some failures, and never notices silence;
 * so each one is closed at its first fault and a new one opened after a backoff.
 */
export class LiveConnection {
  readonly #url: string;
  readonly #onFrame: (json: string) => void;
  readonly #onState: (state: ConnectionState) => void;
  #source: EventSource | null = null;
  #timer: number | undefined;
  #restTimer: number | undefined;
  #attempt = 0;

  constructor(url: string, onFrame: (json: string) => void, onState: (state: ConnectionState) => void) {
    this.#url = url;
    this.#onFrame = onFrame;
    this.#onState = onState;
  }

  /** Opens the stream, or opens it anew without waiting for the backoff. */
  open(): void {
    this.#source?.close();
    const source = new EventSource(this.#url);
    this.#source = source;
    source.addEventListener('live', (event) => this.#receive(event as MessageEvent<string>));
    source.addEventListener('error', () => this.#lose());
    this.#after(SILENCE_MS, () => this.#lose());
  }

  /** Tells whether the page is looked at: it rests a while after it was last seen, and is there at once when seen again. */
  setSeen(isSeen: boolean): void {
    window.clearTimeout(this.#restTimer);
    if (isSeen) this.retryNow();
    else this.#restTimer = window.setTimeout(() => this.#rest(), UNSEEN_MS);
  }

  /** Tries at once if the stream is lost: for "try now", for a network that is back. */
  retryNow(): void {
    if (this.#source === null) this.open();
  }

  #receive(event: MessageEvent<string>): void {
    this.#attempt = 0;
    this.#after(SILENCE_MS, () => this.#lose());
    this.#onFrame(event.data);
    this.#onState('live');
  }

  #lose(): void {
    this.#source?.close();
    this.#source = null;
    this.#onState('lost');
    this.#after(backoffMs(this.#attempt++, Math.random()), () => this.open());
  }

  #rest(): void {
    window.clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#onState('connecting');
  }

  #after(delayMs: number, action: () => void): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(action, delayMs);
  }
}
