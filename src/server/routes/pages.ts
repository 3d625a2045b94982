import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdtallyError } from '../../base/errors.ts';
import type { Asset } from '../assets.ts';
import type { PageContext, Route } from '../route.ts';

/** Nothing from elsewhere, nothing inline but the scripts whose hashes are given, in no frame. */
export function pagePolicy(scriptHashes: readonly string[], styles = "'self'"): string {
  return [
    "default-src 'none'",
    `script-src ${["'self'", ...scriptHashes].join(' ')}`,
    `style-src ${styles}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const getPage: Route<PageContext> = {
  method: 'GET',
  url: '/',
  access: 'page',
  operation: null,
  handler: ({ assets }) => {
    const policy = pagePolicy(assets.pageScriptHashes);
    return (request, reply) => {
      if (assets.page === undefined) throw new AdtallyError('not_found', 'This server has no dashboard.');
      return sendAsset(assets.page, request, reply.header('content-security-policy', policy));
    };
  },
};

export const getAsset: Route<PageContext> = {
  method: 'GET',
  url: '/assets/*',
  access: 'page',
  operation: null,
  handler:
    ({ assets }) =>
    (request, reply) => {
      const path = `/assets/${(request.params as { '*': string })['*']}`;
      const asset = assets.files.get(path);
      if (asset === undefined) throw new AdtallyError('not_found', `There is no file ${path}.`);
      return sendAsset(asset, request, reply);
    },
};

/** The library holds no secret, so pages of any origin may load it. */
export const getClientScript: Route = {
  method: 'GET',
  url: '/client.js',
  access: 'anyone',
  operation: null,
  handler:
    ({ clientScript }) =>
    (request, reply) => {
      reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
      return sendAsset(clientScript, request, reply, 'public, max-age=3600');
    },
};

/** A browser asks each time whether its copy is still the one: an update shows at once, and costs 200 bytes when there is none. */
function sendAsset(
  asset: Asset,
  request: FastifyRequest,
  reply: FastifyReply,
  caching = 'no-cache',
): FastifyReply {
  reply.header('etag', asset.etag).header('cache-control', caching);
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(asset.etag)) return reply.code(304).send();
  return reply.header('content-type', asset.type).send(asset.bytes);
}
