import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { assert } from '../../base/assert.ts';
import { AdtallyError } from '../../base/errors.ts';

/**
 * Has all that this process asks over https trust the certificates in `file`, besides those it trusts anyway. Throws AdtallyError
 * usage when it holds none.
 */
export function trustCa(file: string): void {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
    // A file without any certificate would be taken without a word.
    assert(new X509Certificate(pem).raw.length > 0, 'a certificate has bytes');
    setDefaultCACertificates([...getCACertificates('default'), pem]);
  } catch (cause) {
    throw new AdtallyError(
      'usage',
      `--ca is ${file}, which holds no certificate in PEM: ${(cause as Error).message}.`,
      {
        cause,
      },
    );
  }
}
