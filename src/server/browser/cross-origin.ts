import type { FastifyReply, FastifyRequest } from 'fastify';
import { HOUR_MS, SECOND_MS } from '../../base/units.ts';
import type { Route } from '../route.ts';

/** How long a browser may remember that it was let in; browsers cut it down to two hours anyway. */
const REMEMBER_MS = 2 * HOUR_MS;

/**
 * Lets pages of some origins send events and orders (CORS), and ask whether the region is ready. No other route is open to
 * them, and no cookie or stored password goes with their requests: what they may do depends on the key they send.
 */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;
  /** What they may ask for, as `POST /v1/events`. */
  readonly #open: ReadonlySet<string>;

  constructor(origins: readonly string[], routes: readonly Pick<Route, 'access' | 'method' | 'url'>[]) {
    this.#origins = new Set(origins);
    const open = routes.filter(({ access, url }) => access === 'publisher' || url === '/readyz');
    this.#open = new Set(open.map(({ url, method }) => `${method} ${url}`));
  }

  /** Adds what lets the page read the answer; true when this was the browser asking whether it may send, which is answered then. */
  answer(request: FastifyRequest, reply: FastifyReply): boolean {
    if (this.#origins.size === 0) return false;
    const asked = request.headers['access-control-request-method'];
    const isPreflight = request.method === 'OPTIONS' && asked !== undefined;
    const method = isPreflight ? asked : request.method;
    if (!this.#open.has(`${method} ${request.url.split('?')[0]}`)) return false;
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !this.#origins.has(origin)) return false;
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'Retry-After, X-Request-Id',
      'cross-origin-resource-policy': 'cross-origin',
    });
    if (!isPreflight) return false;
    reply.headers({
      'access-control-allow-methods': method,
      'access-control-allow-headers': 'Authorization, Content-Type, Content-Encoding',
      'access-control-max-age': String(REMEMBER_MS / SECOND_MS),
    });
    void reply.code(204).send();
    return true;
  }
}
