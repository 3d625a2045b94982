import type { FastifyRequest } from 'fastify';
import { AdtallyError } from '../base/errors.ts';
import type { KeyStore } from './keys.ts';
import type { Access } from './route.ts';

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Who may call what. Without keys a region that listens on loopback is open; once there is a key, all but health checks
 * need one. On any other address there is no access without a key, also when the last one is taken away.
 */
export class Gate {
  private readonly host: string;
  private readonly keys: KeyStore;
  private readonly loopback: boolean;
  private readonly hosts: ReadonlySet<string>;

  constructor(host: string, keys: KeyStore) {
    this.host = host;
    this.keys = keys;
    this.loopback = isLoopback(host);
    this.hosts = new Set(['localhost', '127.0.0.1', '[::1]', host.toLowerCase()]);
  }

  /** Throws AdtallyError: config_invalid when the region would be open to others. To be called before listening. */
  checkStart(): void {
    if (this.loopback || !this.keys.empty) return;
    throw new AdtallyError(
      'config_invalid',
      `server.host is "${this.host}", which other machines reach, and there is no key: anyone could send events. ` +
        'Make a key with "adtally keys create" first, or listen on 127.0.0.1.',
    );
  }

  /** Throws AdtallyError: misdirected, unauthorized, forbidden. */
  check(request: FastifyRequest, access: Access): void {
    if (access === 'anyone') return;
    if (this.loopback && this.keys.empty) return this.checkHost(request.headers.host);
    const key = this.keys.verify(givenKey(request.headers.authorization) ?? '');
    if (key === undefined) {
      const given = request.headers.authorization === undefined ? 'There is no key' : 'The key is not valid';
      throw new AdtallyError('unauthorized', `${given} in the Authorization header.`);
    }
    if (access !== 'publisher' && key.role !== 'operator') {
      throw new AdtallyError(
        'forbidden',
        `Key ${key.id} has the role ${key.role}; this needs the role operator.`,
      );
    }
  }

  /** A web page elsewhere can have its own name point to 127.0.0.1 (DNS rebinding); its requests still carry that name. */
  private checkHost(header: string | undefined): void {
    const name = (header ?? '').replace(/:\d+$/, '').toLowerCase();
    if (this.hosts.has(name)) return;
    throw new AdtallyError(
      'misdirected',
      `The Host header is ${JSON.stringify((header ?? '').slice(0, 80))}; without keys only ${[...this.hosts].join(', ')} are answered.`,
    );
  }
}

/** From `Bearer KEY`, or from the password of `Basic`, which is what a browser asks its user for. */
function givenKey(authorization: string | undefined): string | undefined {
  const [, scheme, credentials] = /^(Bearer|Basic) +([^ ]+)$/i.exec(authorization ?? '') ?? [];
  if (credentials === undefined || scheme.toLowerCase() === 'bearer') return credentials;
  const pair = Buffer.from(credentials, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}
