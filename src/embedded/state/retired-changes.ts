/** Older entries are merged above this many, which can only make a cursor expire that need not. */
const ENTRIES_MAX = 1000;

/** A retired minute, Unix ms, and the last change of any of its cells. */
export type RetiredMinute = readonly [minute: number, change: number];

/**
 * What a reader of the change feed has missed: the last change among the minutes retired since it began. Minutes are noted as
 * they are retired, oldest first; one that a later one outdoes says nothing more, so few remain.
 */
export class RetiredChanges {
  #entries: RetiredMinute[] = [];

  note(minute: number, change: number): void {
    while (this.#entries.length > 0 && this.#entries.at(-1)![1] <= change) this.#entries.pop();
    this.#entries.push([minute, change]);
    if (this.#entries.length <= ENTRIES_MAX) return;
    const [[, oldestChange], [nextMinute]] = this.#entries;
    this.#entries.splice(0, 2, [nextMinute, oldestChange]);
  }

  /** The last change of a cell in a minute retired from `minute` on; 0 when there is none. */
  lastSince(minute: number): number {
    return this.#entries.find(([retired]) => retired >= minute)?.[1] ?? 0;
  }

  dump(): readonly RetiredMinute[] {
    return [...this.#entries];
  }

  load(entries: readonly RetiredMinute[]): void {
    this.#entries = [...entries];
  }
}
