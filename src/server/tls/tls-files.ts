import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { AdtallyError } from '../../base/errors.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';

/** What a server shows to its clients. */
export interface TlsPair {
  /** PEM: the certificate, then those that vouch for it. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly minVersion: 'TLSv1.2';
}

/** The files of `server.tls`, which somebody may renew while the server runs. */
export class TlsFiles {
  readonly #certFile: string;
  readonly #keyFile: string;
  #current: TlsPair;

  private constructor(certFile: string, keyFile: string) {
    this.#certFile = certFile;
    this.#keyFile = keyFile;
    this.#current = this.#read();
  }

  /** Reads the files; undefined where none are set. Throws AdtallyError config_invalid when they do not fit for https. */
  static open({ certFile, keyFile }: PipelineSpec['server']['tls']): TlsFiles | undefined {
    return certFile === '' ? undefined : new TlsFiles(certFile, keyFile);
  }

  get current(): TlsPair {
    return this.#current;
  }

  /**
   * Reads the files again; returns what they hold, or undefined when they have not changed. Throws AdtallyError config_invalid when
   * they do not fit, as when one has been renewed and the other has yet to be: what was current stays so.
   */
  renewed(): TlsPair | undefined {
    const next = this.#read();
    if (next.cert === this.#current.cert && next.key === this.#current.key) return undefined;
    this.#current = next;
    return next;
  }

  #read(): TlsPair {
    const cert = readPem('server.tls.certFile', this.#certFile);
    const key = readPem('server.tls.keyFile', this.#keyFile);
    const pair: TlsPair = { cert, key, minVersion: 'TLSv1.2' };
    checkPart('server.tls.certFile', this.#certFile, 'certificate', () => new X509Certificate(cert));
    checkPart('server.tls.keyFile', this.#keyFile, 'private key', () => createPrivateKey(key));
    try {
      createSecureContext(pair);
    } catch (cause) {
      const detail = `server.tls.certFile ${this.#certFile} and server.tls.keyFile ${this.#keyFile} do not belong together`;
      throw new AdtallyError('config_invalid', `${detail}: ${(cause as Error).message}.`, { cause });
    }
    return pair;
  }
}

function readPem(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AdtallyError(
      'config_invalid',
      `${setting} is ${file}, which cannot be read: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

function checkPart(setting: string, file: string, what: string, parse: () => unknown): void {
  try {
    parse();
  } catch (cause) {
    const detail = `${setting} is ${file}, which holds no ${what} in PEM without a passphrase.`;
    throw new AdtallyError('config_invalid', detail, { cause });
  }
}
