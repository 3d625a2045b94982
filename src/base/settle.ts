/** Under traffic, how often what was still changing is looked at again. */
export const ROUNDS_MAX = 30;
export const PAUSE_MS = 100;
/** What differs and does not move for so many looks is wrong: the region is never that far behind its log. */
export const LOOKS_UNMOVED = 3;

/** Something that the two sides did not agree on when last looked at. */
export interface Doubt<Difference = string> {
  /** What both sides looked like: another text means that one of them has moved. */
  readonly stamp: string;
  /** In words, or as the caller likes. */
  readonly differences: readonly Difference[];
}

export interface Settled<Difference = string> {
  /** What differs and stands still. */
  readonly differences: readonly Difference[];
  /** How many things changed every time they were looked at: neither equal nor different. */
  readonly moving: number;
}

/** How patient to be: with those who are further behind than a region is behind its log. */
export interface Patience {
  readonly pauseMs: number;
  readonly looksUnmoved: number;
  /** What still moves after so many looks is let go. */
  readonly roundsMax: number;
}

const USUAL: Patience = { pauseMs: PAUSE_MS, looksUnmoved: LOOKS_UNMOVED, roundsMax: ROUNDS_MAX };

/** Looks until nothing is in doubt but what is wrong. `look` gives the doubts by the name of what they are about. */
export async function settle<Difference = string>(
  look: () => Promise<ReadonlyMap<string, Doubt<Difference>>>,
  pause: (ms: number) => Promise<void>,
  { pauseMs, looksUnmoved, roundsMax }: Patience = USUAL,
): Promise<Settled<Difference>> {
  let looks = new Map<string, Doubt<Difference> & { readonly unmoved: number }>();
  for (let round = 1; ; round++) {
    const before = looks;
    looks = new Map();
    for (const [name, doubt] of await look()) {
      const last = before.get(name);
      const unmoved = last?.stamp === doubt.stamp ? last.unmoved + 1 : 1;
      looks.set(name, { ...doubt, unmoved });
    }
    const moving = [...looks.values()].filter(({ unmoved }) => unmoved < looksUnmoved).length;
    if (moving === 0 || round === roundsMax) {
      const wrong = [...looks.values()].filter(({ unmoved }) => unmoved >= looksUnmoved);
      return { differences: wrong.flatMap(({ differences }) => differences), moving };
    }
    await pause(pauseMs);
  }
}
