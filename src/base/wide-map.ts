const PARTS = 64;
/** So many of the last characters tell ids apart that begin alike. */
const HASHED = 12;

/**
 * A map of texts made of many small ones: a Map of a million entries takes 60 ms to grow, and whoever adds the entry that makes it
 * grow waits. Goes through its entries in no particular order.
 */
export class WideMap<Value> {
  readonly #parts = Array.from({ length: PARTS }, () => new Map<string, Value>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#partOf(key).get(key);
  }

  has(key: string): boolean {
    return this.#partOf(key).has(key);
  }

  set(key: string, value: Value): void {
    const part = this.#partOf(key);
    const before = part.size;
    part.set(key, value);
    this.#size += part.size - before;
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    const wasThere = this.#partOf(key).delete(key);
    if (wasThere) this.#size--;
    return wasThere;
  }

  /** Gives each value once that stays while it is gone through. */
  *values(): Generator<Value, void> {
    for (const part of this.#parts) yield* part.values();
  }

  #partOf(key: string): Map<string, Value> {
    let hash = key.length;
    for (let at = Math.max(0, key.length - HASHED); at < key.length; at++) {
      hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
    }
    return this.#parts[(hash ^ (hash >>> 15)) & (PARTS - 1)];
  }
}
