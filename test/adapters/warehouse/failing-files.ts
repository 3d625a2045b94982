import { DiskFiles } from '../../../src/adapters/warehouse/disk-files.ts';

/** A disk that fails at the nth of its steps, and again at some that follow. */
export class FailingFiles extends DiskFiles {
  steps = 0;
  failsAt = (_step: number): boolean => false;

  #step(): void {
    if (!this.failsAt(++this.steps)) return;
    throw Object.assign(new Error(this.steps % 2 === 0 ? 'ENOSPC: no space left' : 'EIO: i/o error'), {
      code: this.steps % 2 === 0 ? 'ENOSPC' : 'EIO',
    });
  }

  override async write(path: string, text: string): Promise<void> {
    this.#step();
    await super.write(path, text);
  }
  override async sync(path: string): Promise<void> {
    await super.sync(path);
    this.#step();
  }
  override async rename(from: string, to: string): Promise<void> {
    this.#step();
    await super.rename(from, to);
    this.#step();
  }
  override async remove(path: string): Promise<void> {
    this.#step();
    await super.remove(path);
  }
}
