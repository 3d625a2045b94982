import type { FastifyRequest } from 'fastify';
import { assert } from '../../base/assert.ts';
import { AdtallyError } from '../../base/errors.ts';

/**
 * The advertiser to whom the answer must be limited, for the query that makes it: that of the caller's key, or else the one asked
 * for. Undefined stands for all of them. Every route that advertisers may call calls this before it answers.
 * Throws AdtallyError forbidden when a key asks for another advertiser.
 */
export function advertiserScope(request: FastifyRequest, asked?: string): string | undefined {
  request.scopeAsked = true;
  const { caller } = request;
  if (caller.role !== 'advertiser') return asked;
  const { advertiserId, keyId } = caller;
  if (asked === undefined || asked === advertiserId) return advertiserId;
  const shown = JSON.stringify(asked.slice(0, 128));
  throw new AdtallyError(
    'forbidden',
    `advertiserId is ${shown}; key ${keyId} reads the figures of ${JSON.stringify(advertiserId)} only.`,
  );
}

/** Before an answer leaves: a route that forgot to limit itself must not show an advertiser everybody's figures. */
export function assertScoped(request: FastifyRequest): void {
  assert(
    request.caller.role !== 'advertiser' || request.scopeAsked,
    `${request.method} ${request.routeOptions.url} answers an advertiser and never asked which one`,
  );
}
