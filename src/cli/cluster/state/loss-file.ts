import type { Loss, LossBook } from '../../../cluster/watch/loss-book.ts';
import { readStateFile, writeStateFile } from './state-file.ts';

export const LOSS_FILE = 'losses.json';
const FORMAT = 1;

/** Losses of the cluster in a directory. */
export class LossFile implements LossBook {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(): readonly Loss[] {
    const content = readStateFile(this.#directory, LOSS_FILE, FORMAT) as
      | { readonly losses: readonly Loss[] }
      | undefined;
    return content?.losses ?? [];
  }

  write(losses: readonly Loss[]): void {
    writeStateFile(this.#directory, LOSS_FILE, FORMAT, { losses });
  }
}
