import type { LockedFile } from './artifact-lock.ts';

/** How far a fetch has come, what was there before included. */
export interface ArtifactProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly files: number;
  readonly filesDone: number;
}

/** Adds up the files of a fetch; each counts once, by its sum. */
export class FetchProgress {
  readonly #listener: ((progress: ArtifactProgress) => void) | undefined;
  readonly #bytesOf = new Map<string, number>();
  readonly #done = new Set<string>();
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(listener: ((progress: ArtifactProgress) => void) | undefined) {
    this.#listener = listener;
  }

  add(file: LockedFile, isThere: boolean): void {
    this.#totalBytes += file.bytes;
    this.#bytesOf.set(file.sha256, 0);
    if (isThere) this.#count(file, file.bytes);
    if (isThere) this.#done.add(file.sha256);
  }

  /** So many bytes of it are there. */
  reached(file: LockedFile, bytes: number): void {
    this.#count(file, Math.min(bytes, file.bytes));
    this.report();
  }

  done(file: LockedFile): void {
    this.#done.add(file.sha256);
    this.reached(file, file.bytes);
  }

  report(): void {
    this.#listener?.({
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      files: this.#bytesOf.size,
      filesDone: this.#done.size,
    });
  }

  #count(file: LockedFile, bytes: number): void {
    this.#doneBytes += bytes - (this.#bytesOf.get(file.sha256) ?? 0);
    this.#bytesOf.set(file.sha256, bytes);
  }
}
