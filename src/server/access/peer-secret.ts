import { timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { sha256 } from '../../base/checksum.ts';
import { AdtallyError } from '../../base/errors.ts';

/** Shortest shared secret, in characters. */
const LENGTH_MIN = 32;
const LENGTH_MAX = 1024;

/** The rights of everybody else to a file: read, write, run. */
const OTHERS = 0o007;

/**
 * The secret of `replication.secretFile`, without the line break at its end. Throws AdtallyError config_invalid when the file is
 * missing, open to everybody on this machine, or holds no fit secret.
 */
export function readPeerSecret(file: string): string {
  let text: string;
  let mode: number;
  try {
    ({ mode } = statSync(file));
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw unfit(file, `which cannot be read: ${(cause as Error).message}`, cause);
  }
  if ((mode & OTHERS) !== 0) throw unfit(file, `which everybody on this machine may use; chmod 600 it`);
  if (!/^[\x21-\x7e]*$/.test(text)) {
    throw unfit(
      file,
      'which holds spaces, line breaks or other than ASCII; write one line of letters and digits',
    );
  }
  if (text.length < LENGTH_MIN || text.length > LENGTH_MAX) {
    throw unfit(file, `which holds ${text.length} characters; a secret has ${LENGTH_MIN} to ${LENGTH_MAX}`);
  }
  return text;
}

/** Whether a text is the secret, told in a time that says nothing about how much of it is right. */
export class PeerSecret {
  readonly #hash: Buffer;

  constructor(secret: string) {
    this.#hash = sha256(secret);
  }

  matches(text: string): boolean {
    return timingSafeEqual(sha256(text), this.#hash);
  }
}

function unfit(file: string, why: string, cause?: unknown): AdtallyError {
  return new AdtallyError('config_invalid', `replication.secretFile is ${file}, ${why}.`, { cause });
}
