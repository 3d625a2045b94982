import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AdtallyError, type ErrorCode } from '../base/errors.ts';
import { MINUTE_MS, SECOND_MS } from '../base/units.ts';
import type { Gate } from './access.ts';
import { sendEarly } from './body/early-answer.ts';
import { PROBLEM_TYPE, expectedError, prepareProblem, problemOf } from './problem.ts';
import { EVENT_STREAM_TYPE, type Route, type ServerContext } from './route.ts';

/** Where the server tells of unexpected errors; a pino logger is one. */
export interface ServerLog {
  error(fields: object, message: string): void;
}

/** A connection on which nothing moves for this long is dead; long polls and heartbeats come sooner. */
const SILENCE_MS = 2 * MINUTE_MS;
const KEEP_ALIVE_MS = 65 * SECOND_MS;

const COMMON_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** What a region says of itself once, and not again for every request that meets it. */
const TOLD_ONCE: ReadonlySet<ErrorCode> = new Set(['stopping', 'reporting_unavailable']);

type Fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** The HTTP application over `routes`, not listening yet. */
export function makeApp(
  context: ServerContext,
  gate: Gate,
  routes: readonly Route[],
  log?: ServerLog,
): FastifyInstance {
  const fail = failWith(context, log);
  const newId = requestIds();
  const app = fastify({
    genReqId: newId,
    connectionTimeout: SILENCE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1000 },
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, newId()),
    frameworkErrors: (error, request, reply) => {
      addCommonHeaders(request, reply);
      fail(error, request, reply);
    },
    ...timeouts(context.spec.server.requestTimeout),
  });
  // Routes that take a body read it themselves, within the region's budget.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler(fail);
  app.setNotFoundHandler(refuseAddress(routes));
  addHooks(app, context);
  for (const { method, url, access, handler } of routes) {
    app.route({
      method,
      url,
      onRequest: (request, _reply, done) => {
        gate.check(request, access);
        done();
      },
      handler: handler(context),
    });
  }
  return app;
}

function timeouts(requestTimeoutMs: number): {
  requestTimeout: number;
  http: { headersTimeout: number; connectionsCheckingInterval: number };
} {
  const connectionsCheckingInterval = Math.min(SECOND_MS, Math.ceil(requestTimeoutMs / 4));
  return {
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval },
  };
}

function addHooks(app: FastifyInstance, { metrics, stopping }: ServerContext): void {
  app.addHook('onRequest', (request, reply, done) => {
    addCommonHeaders(request, reply);
    done();
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

function addCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(COMMON_HEADERS).header('x-request-id', request.id);
}

/** Short, and different in every process, so that an id found in a log is one request. */
function requestIds(): () => string {
  const process = randomBytes(4).toString('hex');
  let count = 0;
  return () => `${process}-${(++count).toString(36)}`;
}

function failWith({ clock }: ServerContext, log: ServerLog | undefined): Fail {
  return (error, request, reply) => {
    const expected = expectedError(error, request.id);
    if (expected.kind.status >= 500 && !TOLD_ONCE.has(expected.code)) {
      log?.error({ err: error, requestId: request.id }, `${request.method} ${request.url} failed`);
    }
    sendEarly(request.raw, reply, prepareProblem(expected, request.id, reply), clock);
  };
}

/** 405 with the methods that the address takes, or 404. */
function refuseAddress(routes: readonly Route[]): (request: FastifyRequest, reply: FastifyReply) => never {
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
