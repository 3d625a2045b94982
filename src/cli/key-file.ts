import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UnixMs } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import { identifierFault } from '../model/field-checks.ts';
import { KEY_ROLES, keyStoreOf, type ApiKey, type KeyRecord, type KeyStore } from '../server/keys.ts';

const NAME = 'keys.json';
const FORMAT = 2;
/** The format before there were advertisers; its keys are valid as they stand. */
const FORMAT_BEFORE = 1;

/** A key as the file keeps it: its secret is not there. */
export interface StoredKey extends KeyRecord {
  /** Unix ms. */
  readonly createdAt: UnixMs;
}

/** The keys of a data directory. A running region sees a change at the next request. */
export class KeyFile implements KeyStore {
  readonly #path: string;
  #version: string | undefined;
  #store: KeyStore = keyStoreOf([]);

  constructor(directory: string) {
    this.#path = join(directory, NAME);
    this.#refresh();
  }

  get empty(): boolean {
    this.#refresh();
    return this.#store.empty;
  }

  verify(text: string): ApiKey | undefined {
    this.#refresh();
    return this.#store.verify(text);
  }

  /** Throws AdtallyError data_corrupt or data_format: a region with a broken key file must not be open to all. */
  list(): StoredKey[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new AdtallyError('data_corrupt', `${this.#path} cannot be read: ${(error as Error).message}.`);
    }
    return this.#parse(text);
  }

  /** Replaces the file at once, readable for its owner only. */
  save(keys: readonly StoredKey[]): void {
    mkdirSync(join(this.#path, '..'), { recursive: true });
    const text = `${JSON.stringify({ format: FORMAT, keys }, null, 2)}\n`;
    writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  #refresh(): void {
    const stats = statSync(this.#path, { throwIfNoEntry: false });
    const version = stats === undefined ? 'none' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
    if (version === this.#version) return;
    this.#store = keyStoreOf(this.list());
    this.#version = version;
  }

  #parse(text: string): StoredKey[] {
    let file: { readonly format?: unknown; readonly keys?: unknown };
    try {
      file = JSON.parse(text) as typeof file;
    } catch {
      throw new AdtallyError('data_corrupt', `${this.#path} is not JSON.`);
    }
    if (file.format !== FORMAT && file.format !== FORMAT_BEFORE)
      throw new AdtallyError(
        'data_format',
        `${this.#path} has format ${String(file.format)}, not ${FORMAT_BEFORE} or ${FORMAT}.`,
      );
    if (!Array.isArray(file.keys) || !file.keys.every(isStoredKey))
      throw new AdtallyError('data_corrupt', `${this.#path} holds something that is no key.`);
    return file.keys;
  }
}

function isStoredKey(value: unknown): value is StoredKey {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, role, advertiserId, secretHash, createdAt } = value as Partial<
    Record<keyof StoredKey, unknown>
  >;
  return (
    typeof id === 'string' &&
    typeof name === 'string' &&
    (KEY_ROLES as readonly unknown[]).includes(role) &&
    // An advertiser's key without an advertiser would read everybody's figures.
    (role === 'advertiser' ? identifierFault(advertiserId) === null : advertiserId === undefined) &&
    typeof secretHash === 'string' &&
    /^[0-9a-f]{64}$/.test(secretHash) &&
    typeof createdAt === 'number'
  );
}
