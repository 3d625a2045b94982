/**
 * The only source of chance in a simulated world: the same seed and the same calls give the same numbers. `fork` gives a part
 * of the world a stream of its own, so that one more draw in one part does not change what happens in another.
 */
export class SeededRandom {
  readonly seed: string;
  readonly #state: Uint32Array;

  constructor(seed: string | number) {
    this.seed = String(seed);
    this.#state = Uint32Array.from([0, 1, 2, 3], (lane) => hashOf(`${lane}:${this.seed}`));
    for (let warmUp = 0; warmUp < 12; warmUp++) this.uint32();
  }

  /** A stream that depends on this seed and `name` only, not on what was drawn before. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${name}`);
  }

  /** The sfc32 generator: 128 bits of state, passes the usual test batteries. */
  uint32(): number {
    const [a, b, c, counter] = this.#state;
    const drawn = (a + b + counter) >>> 0;
    this.#state[0] = b ^ (b >>> 9);
    this.#state[1] = c + (c << 3);
    this.#state[2] = ((c << 21) | (c >>> 11)) + drawn;
    this.#state[3] = counter + 1;
    return drawn;
  }

  /** From 0 inclusive to 1 exclusive. */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from 0 to `limit` exclusive. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** A whole number from `first` to `last`, both inclusive. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** One of the keys, each as often as its weight says. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries(weights) as [Key, number][];
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      if (left < weight) return key;
      left -= weight;
    }
    return entries.at(-1)![0];
  }

  /** 0 to `limit` exclusive, small numbers far more often: the ads and users of a real marketplace. */
  zipf(limit: number): number {
    return Math.floor(limit ** this.fraction()) - 1;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** FNV-1a, finished with a mixer: neighbouring seeds must not give neighbouring states. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
