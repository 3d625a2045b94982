import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { LOOPBACK_CALLER, type Caller } from './access/caller.ts';
import type { PeerSecret } from './access/peer-secret.ts';
import { RateLimits } from './access/rate-limits.ts';
import type { ApiKey, KeyStore } from './keys.ts';
import type { Access } from './route.ts';

/** Whether an address to listen on can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Who besides operators, and those on this machine where it is open, may call what. */
const ALLOWED: Readonly<Record<Exclude<Access, 'anyone'>, readonly Caller['role'][]>> = {
  publisher: ['publisher'],
  advertiser: ['advertiser'],
  operator: [],
  peer: ['peer'],
  'advertiser-or-peer': ['advertiser', 'peer'],
  page: ['advertiser'],
};

export interface GateOptions {
  readonly spec: Pick<PipelineSpec, 'server' | 'limits'>;
  readonly keys: KeyStore;
  readonly clock: Clock;
  /** The secret shared with the other region, where there is one. */
  readonly peerSecret?: PeerSecret | undefined;
  /** Whether the region has a peer. */
  readonly hasPeer?: boolean;
}

/**
 * Who may call what, and how often. Without keys a region that listens on loopback is open; once there is a key, all but health
 * checks need one. On any other address there is no access without a key, also when the last one is taken away.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #limits: RateLimits;
  readonly #isLoopback: boolean;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: GateOptions) {
    const { spec, clock } = options;
    const { host } = spec.server;
    this.#options = options;
    this.#limits = new RateLimits(spec.limits.requestsPerSecond, clock);
    this.#isLoopback = isLoopback(host);
    this.#hosts = new Set(['localhost', '127.0.0.1', '[::1]', host.toLowerCase()]);
  }

  /**
   * Throws AdtallyError config_invalid when the region would be open to others, or closed to its peer. To be called before
   * listening.
   */
  checkStart(): void {
    const { spec, keys, hasPeer = false, peerSecret } = this.#options;
    const { host } = spec.server;
    if (!this.#isLoopback && keys.empty) {
      throw new AdtallyError(
        'config_invalid',
        `server.host is "${host}", which other machines reach, and there is no key: anyone could send events. ` +
          'Make a key with "adtally keys create" first, or listen on 127.0.0.1.',
      );
    }
    if (hasPeer && peerSecret === undefined && !keys.empty) {
      throw new AdtallyError(
        'config_invalid',
        'There are keys and a peer, and replication.secretFile is not set: the regions could not read from each other. ' +
          'Write the same secret of 32 characters or more into a file of each region, and name it there.',
      );
    }
  }

  /** The first look at a request: counts it for its address, unless all on this machine are welcome. Throws AdtallyError rate_limited. */
  admit(request: FastifyRequest, reply: FastifyReply): void {
    if (this.#isOpen) request.caller = LOOPBACK_CALLER;
    else this.#limits.admitAddress(request.ip, reply);
  }

  /** The second look, after `admit`: finds out who calls, for the handler as well. Throws AdtallyError: misdirected, unauthorized, forbidden, rate_limited. */
  check(request: FastifyRequest, reply: FastifyReply, access: Access): void {
    if (access === 'anyone') return;
    if (access === 'operator' && request.method !== 'GET' && request.method !== 'HEAD') checkOrigin(request);
    if (request.caller.role === 'loopback') return this.#checkHost(request.headers.host);
    const caller = this.#identify(request);
    request.caller = caller;
    this.#limits.admitCaller(caller, reply);
    if (caller.role === 'operator' || ALLOWED[access].includes(caller.role)) return;
    const needed = ['operator', ...ALLOWED[access].filter((role) => role !== 'peer')].join(' or ');
    const who =
      'keyId' in caller ? `Key ${caller.keyId} has the role ${caller.role}` : 'This is the peer’s secret';
    throw new AdtallyError('forbidden', `${who}; this needs the role ${needed}.`);
  }

  get #isOpen(): boolean {
    return this.#isLoopback && this.#options.keys.empty;
  }

  #identify({ headers, raw }: FastifyRequest): Caller {
    const { keys, peerSecret } = this.#options;
    const { authorization } = headers;
    if (authorization === undefined) throw refused('There is no key');
    // Node keeps the first of several, a proxy before it may have looked at the last.
    if (raw.rawHeaders.filter(isAuthorization).length > 1) throw refused('There is more than one key');
    const { scheme, text } = credentialsOf(authorization);
    const key = keys.verify(text);
    if (key !== undefined) return callerOf(key);
    if (scheme === 'bearer' && peerSecret?.matches(text) === true) return { role: 'peer' };
    throw refused('The key is not valid');
  }

  /** A web page elsewhere can have its own name point to 127.0.0.1 (DNS rebinding); its requests still carry that name. */
  #checkHost(header: string | undefined): void {
    const name = (header ?? '').replace(/:\d+$/, '').toLowerCase();
    if (this.#hosts.has(name)) return;
    throw new AdtallyError(
      'misdirected',
      `The Host header is ${JSON.stringify((header ?? '').slice(0, 80))}; without keys only ${[...this.#hosts].join(', ')} are answered.`,
    );
  }
}

/**
 * A web page elsewhere can have a browser send what its user may send, with the key that the browser keeps or with none where none
 * is needed. It cannot hide that it did. Throws AdtallyError forbidden.
 */
function checkOrigin({ headers }: FastifyRequest): void {
  const { origin, host, 'sec-fetch-site': site } = headers;
  const isForeign =
    site === undefined
      ? origin !== undefined && URL.parse(origin)?.host !== host?.toLowerCase()
      : site !== 'same-origin' && site !== 'none';
  if (!isForeign) return;
  const from = JSON.stringify((origin ?? 'another site').slice(0, 200));
  throw new AdtallyError('forbidden', `A page of ${from} asks for this; only the region’s own page may.`);
}

function isAuthorization(text: string, index: number): boolean {
  return index % 2 === 0 && text.length === 13 && text.toLowerCase() === 'authorization';
}

function refused(why: string): AdtallyError {
  return new AdtallyError('unauthorized', `${why} in the Authorization header.`);
}

function callerOf({ id: keyId, role, advertiserId }: ApiKey): Caller {
  if (role !== 'advertiser') return { role, keyId };
  if (advertiserId === undefined) throw refused(`Key ${keyId} names no advertiser and is not valid`);
  return { role, keyId, advertiserId };
}

/** From `Bearer KEY`, or from the password of `Basic`, which is what a browser asks its user for. */
function credentialsOf(authorization: string): { scheme: 'bearer' | 'basic' | 'none'; text: string } {
  const [, scheme, credentials] = /^(Bearer|Basic) +([^ ]+)$/i.exec(authorization) ?? [];
  if (credentials === undefined) return { scheme: 'none', text: '' };
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'bearer', text: credentials };
  const pair = Buffer.from(credentials, 'base64').toString();
  return { scheme: 'basic', text: pair.slice(pair.indexOf(':') + 1) };
}
