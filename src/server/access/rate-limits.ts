import type { FastifyReply } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import { AdtallyError } from '../../base/errors.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { Caller } from './caller.ts';
import { type Taking, TokenBuckets } from './token-buckets.ts';

/** A bucket holds what comes in this many seconds: a page loads its files in one go. */
const BURST_SECONDS = 2;

interface Limit {
  /** The setting, for messages. */
  readonly setting: string;
  readonly buckets: TokenBuckets;
  /** Header RateLimit-Policy. */
  readonly policy: string;
  readonly name: string;
}

type Limits = PipelineSpec['limits']['requestsPerSecond'];

/** How many requests keys and addresses may send. Every key and every address has a bucket of its own. */
export class RateLimits {
  readonly #limits: ReadonlyMap<string, Limit>;

  constructor(rates: Limits, clock: Clock) {
    const limited = Object.entries(rates).filter(([, rate]) => rate > 0);
    this.#limits = new Map(limited.map(([name, rate]) => [name, limitOf(name, rate, clock)]));
  }

  /** Counts a request of an address. Throws AdtallyError rate_limited. */
  admitAddress(address: string, reply: FastifyReply): void {
    const limit = this.#limits.get('address');
    if (limit === undefined) return;
    const taking = limit.buckets.take(networkOf(address));
    if (!taking.allowed) refuse(limit, taking, reply, 'This address');
  }

  /** Counts a request of a key, and says in the answer what is left of its limit. Throws AdtallyError rate_limited. */
  admitCaller(caller: Caller, reply: FastifyReply): void {
    if (!('keyId' in caller)) return;
    const limit = this.#limits.get(caller.role);
    if (limit === undefined) return;
    const taking = limit.buckets.take(caller.keyId);
    if (!taking.allowed) refuse(limit, taking, reply, `Key ${caller.keyId}`);
    tell(limit, taking, reply);
  }
}

/** Whoever has an IPv6 address has the 2^64 of its network, and one bucket for all of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1];
  if (!address.includes(':')) return address;
  const [head, tail] = address.split('%')[0].split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function limitOf(name: string, rate: number, clock: Clock): Limit {
  const burst = rate * BURST_SECONDS;
  return {
    name,
    setting: `limits.requestsPerSecond.${name}`,
    buckets: new TokenBuckets(rate, burst, clock),
    policy: `"${name}";q=${burst};w=${BURST_SECONDS}`,
  };
}

function tell({ name, policy }: Limit, { left, fullInSeconds }: Taking, reply: FastifyReply): void {
  reply.header('ratelimit-policy', policy).header('ratelimit', `"${name}";r=${left};t=${fullInSeconds}`);
}

function refuse(limit: Limit, taking: Taking, reply: FastifyReply, who: string): never {
  tell(limit, taking, reply);
  throw new AdtallyError(
    'rate_limited',
    `${who} has sent more than ${limit.buckets.rate} requests a second; ${limit.setting} is the limit.`,
    { retryAfterSeconds: taking.retryInSeconds },
  );
}
