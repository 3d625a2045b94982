import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { AdtallyError, type ErrorCode } from '../base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../base/units.ts';
import type { Gate } from './access.ts';
import { assertScoped } from './access/advertiser-scope.ts';
import { UNKNOWN_CALLER } from './access/caller.ts';
import { requestIds } from './access/request-id.ts';
import { CrossOrigin } from './browser/cross-origin.ts';
import { sendEarly } from './body/early-answer.ts';
import { PROBLEM_TYPE, expectedError, prepareProblem, problemOf } from './problem.ts';
import { type Access, EVENT_STREAM_TYPE, type ServingContext, type Route } from './route.ts';
import type { TlsPair } from './tls/tls-files.ts';

/** Where the server tells of unexpected errors; a pino logger is one. */
export interface ServerLog {
  error(fields: object, message: string): void;
}

/** A connection on which nothing moves for this long is dead; long polls and heartbeats come sooner. */
const SILENCE_MS = 2 * MINUTE_MS;
const KEEP_ALIVE_MS = 65 * SECOND_MS;
const HANDSHAKE_MS = 10 * SECOND_MS;

const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** A browser that was here once comes back by https, for a year. */
const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' };
/** What a region says of itself once, and not again for every request that meets it. */
const TOLD_ONCE: ReadonlySet<ErrorCode> = new Set(['stopping', 'reporting_unavailable']);

type Fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** How the application is served. */
export interface AppOptions {
  readonly log?: ServerLog | undefined;
  /** Serves https with it, else http. */
  readonly tls?: TlsPair | undefined;
}

/** The HTTP application over `routes`, not listening yet. */
export function makeApp<Context extends ServingContext>(
  context: Context,
  gate: Gate,
  routes: readonly Route<Context>[],
  { log, tls }: AppOptions = {},
): FastifyInstance {
  const addCommonHeaders = commonHeaders(tls !== undefined);
  const fail = failWith(context, log);
  const newId = requestIds();
  const app = fastify({
    genReqId: (request) => newId(request),
    connectionTimeout: SILENCE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1000 },
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, newId()),
    frameworkErrors: (error, request, reply) => {
      addCommonHeaders(request, reply);
      fail(error, request, reply);
    },
    ...serving(context.spec.server.requestTimeout, tls),
  });
  // Routes that take a body read it themselves, within the region's budget.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler(fail);
  app.setNotFoundHandler(refuseAddress(routes));
  // Said at the start of every request; named here so that all requests have the same shape.
  app.decorateRequest('caller', null as never);
  app.decorateRequest('scopeAsked', false);
  const unlimited = new Set(routes.filter(({ access }) => access === 'anyone').map(({ url }) => url));
  const crossOrigin = new CrossOrigin(context.spec.server.origins, routes);
  addHooks(app, context, (request, reply) => {
    addCommonHeaders(request, reply);
    // A browser that asks whether its page may send gets its answer here: it has no key to show yet.
    if (crossOrigin.answer(request, reply)) return true;
    if (!unlimited.has(request.routeOptions.url ?? '')) gate.admit(request, reply);
    return false;
  });
  for (const { method, url, access, handler } of routes) {
    app.route({
      method,
      url,
      onRequest: (request, reply, done) => {
        gate.check(request, reply, access);
        done();
      },
      ...(ADVERTISERS.has(access) ? { onSend: refuseUnscoped } : {}),
      handler: handler(context),
    });
  }
  return app;
}

/** Timeouts, and https where there is something to show. Fastify's types tell the two servers apart; nothing here does. */
function serving(
  requestTimeoutMs: number,
  tls: TlsPair | undefined,
): Pick<FastifyServerOptions, 'requestTimeout'> & Pick<FastifyHttpOptions<Server>, 'http'> {
  const connectionsCheckingInterval = Math.min(SECOND_MS, Math.ceil(requestTimeoutMs / 4));
  const limits = { headersTimeout: requestTimeoutMs, connectionsCheckingInterval };
  const https = { ...tls, ...limits, handshakeTimeout: HANDSHAKE_MS };
  return { requestTimeout: requestTimeoutMs, ...(tls === undefined ? { http: limits } : { https }) };
}

function addHooks(
  app: FastifyInstance,
  { metrics, stopping }: ServingContext,
  /** Whether the request is answered already. */
  admit: (request: FastifyRequest, reply: FastifyReply) => boolean,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    request.caller = UNKNOWN_CALLER;
    if (!admit(request, reply)) done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (reply.getHeader('content-type') !== EVENT_STREAM_TYPE) {
      const route = request.routeOptions.url ?? 'unknown';
      metrics.observeRequest(request.method, route, reply.statusCode, reply.elapsedTime);
    }
    // Kept alive, it would keep the server from closing.
    if (stopping.aborted) request.raw.socket.destroySoon();
    done();
  });
}

function commonHeaders(isTls: boolean): (request: FastifyRequest, reply: FastifyReply) => void {
  const headers = { ...COMMON_HEADERS, ...(isTls ? STRICT_TRANSPORT : {}) };
  return (request, reply) => void reply.headers(headers).header('x-request-id', request.id);
}

const ADVERTISERS: ReadonlySet<Access> = new Set(['advertiser', 'advertiser-or-peer']);

/** The last look at an answer: what a stream sends goes past it, and is looked at where the stream begins. */
function refuseUnscoped(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  if (reply.statusCode < 400) assertScoped(request);
  done(null, payload);
}

function failWith({ clock }: ServingContext, log: ServerLog | undefined): Fail {
  return (error, request, reply) => {
    const expected = expectedError(error, request.id);
    if (expected.kind.status >= 500 && !TOLD_ONCE.has(expected.code)) {
      log?.error({ err: error, requestId: request.id }, `${request.method} ${request.url} failed`);
    }
    sendEarly(request.raw, reply, prepareProblem(expected, request.id, reply), clock);
  };
}

/** 405 with the methods that the address takes, or 404. */
function refuseAddress(
  routes: readonly Pick<Route, 'method' | 'url'>[],
): (request: FastifyRequest, reply: FastifyReply) => never {
  const patterns = routes.map(({ method, url }) => ({
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    pattern: new RegExp(`^${url.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`),
  }));
  return (request, reply) => {
    const path = request.url.split('?')[0];
    const methods = patterns.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    if (methods.length === 0) {
      throw new AdtallyError('not_found', `There is nothing at ${path.slice(0, 200)}.`);
    }
    reply.header('allow', methods.join(', '));
    throw new AdtallyError('method_not_allowed', `${path} takes ${methods.join(', ')}.`);
  };
}

/** Answers bytes that are no HTTP request, or came too slowly, and closes. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(bytesError(error), requestId);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function bytesError({ code, message }: NodeJS.ErrnoException): AdtallyError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AdtallyError(
      'request_timeout',
      'The whole request did not come within server.requestTimeout.',
    );
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new AdtallyError('too_large', 'The headers are larger than 16 KiB.');
  }
  return new AdtallyError('bad_request', `This is not a valid HTTP request: ${message}.`);
}
