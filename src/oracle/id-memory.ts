const HOUR_MS = 3_600_000;
/** A Map of V8 holds at most 2^24 entries; a busy hour has more, so it gets several. */
const IDS_PER_MAP = 8_000_000;
/** Before the content of an id: whose it is. */
const [OWN, PEERS] = ['o', 'p'];

/** What is known of an id. */
export interface KnownId {
  readonly content: string;
  /** Whether it is the other region's. */
  readonly isPeers: boolean;
}

/** The event ids seen, each with its content, by the hour of their first arrival. Forgets whole hours, oldest first. */
export class IdMemory {
  readonly #hours = new Map<number, Map<string, string>[]>();
  #forgottenUpTo = -1;

  /** Forgets the hours that ended `windowMs` or longer before `nowMs`. What is forgotten stays so. */
  forget(nowMs: number, windowMs: number): void {
    const lastForgotten = Math.floor((nowMs - windowMs) / HOUR_MS) - 1;
    if (lastForgotten <= this.#forgottenUpTo) return;
    this.#forgottenUpTo = lastForgotten;
    for (const hour of this.#hours.keys()) if (hour <= lastForgotten) this.#hours.delete(hour);
  }

  /** What was first seen under this id; undefined when the id is not remembered. */
  find(eventId: string): KnownId | undefined {
    for (const maps of this.#hours.values()) {
      for (const map of maps) {
        const known = map.get(eventId);
        if (known !== undefined) return { content: known.slice(1), isPeers: known.startsWith(PEERS) };
      }
    }
    return undefined;
  }

  /** An id of an hour already forgotten (the clock went back) is kept with the oldest hour that is not. */
  remember(eventId: string, { content, isPeers }: KnownId, arrivalMs: number): void {
    const hour = Math.max(Math.floor(arrivalMs / HOUR_MS), this.#forgottenUpTo + 1);
    const maps = this.#hours.get(hour) ?? [new Map<string, string>()];
    this.#hours.set(hour, maps);
    if (maps.at(-1)!.size >= IDS_PER_MAP) maps.push(new Map());
    maps.at(-1)!.set(eventId, (isPeers ? PEERS : OWN) + content);
  }

  /** Gives a remembered id to the other owner, as if it came now. */
  giveAway(eventId: string, known: KnownId, arrivalMs: number): void {
    for (const maps of this.#hours.values()) for (const map of maps) map.delete(eventId);
    this.remember(eventId, { ...known, isPeers: !known.isPeers }, arrivalMs);
  }

  get size(): number {
    let ids = 0;
    for (const maps of this.#hours.values()) for (const map of maps) ids += map.size;
    return ids;
  }
}
