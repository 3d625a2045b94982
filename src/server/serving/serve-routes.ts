import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { AdtallyError } from '../../base/errors.ts';
import { SECOND_MS } from '../../base/units.ts';
import type { PipelineSpec } from '../../pipeline/settings.ts';
import type { Gate } from '../access.ts';
import { makeApp, type ServerLog } from '../app.ts';
import { registerDocs } from '../docs.ts';
import type { ServingContext, Route } from '../route.ts';
import { listenForWorkers, type OwnListener } from '../tls/own-listener.ts';
import type { TlsFiles } from '../tls/tls-files.ts';
import { TlsRenewal } from '../tls/tls-renewal.ts';

export interface RunningServer {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  /** Where the region's own workers read it. */
  readonly ownUrl: string;
  /** Looks for renewed TLS files now, and not in the next minute. */
  readonly renewTls: () => void;
  /** Ends streams, answers what is in flight (for a few seconds at most), stops. The region stays open. */
  close(): Promise<void>;
}

/** What is to be served. */
interface Serving<Context extends ServingContext> {
  readonly context: Context;
  readonly gate: Gate;
  readonly routes: readonly Route<Context>[];
  readonly tls: TlsFiles | undefined;
  readonly log: ServerLog | undefined;
  /** How long requests in flight may take once the server stops, ms. */
  readonly graceMs?: number;
  /** Begins to stop: aborts `context.stopping` and ends streams. */
  readonly close: () => void;
}

const GRACE_MS = 5 * SECOND_MS;

/** Serves the routes where the spec says. Throws AdtallyError config_invalid when it cannot listen there. */
export async function serveRoutes<Context extends ServingContext>(
  serving: Serving<Context>,
): Promise<RunningServer> {
  const { context, gate, routes, tls, log } = serving;
  const app = makeApp(context, gate, routes, { log, tls: tls?.current });
  const renewal =
    tls &&
    new TlsRenewal(
      tls,
      (pair) => (app.server as unknown as TlsServer).setSecureContext(pair),
      context.clock,
      log,
    );
  let own: OwnListener | undefined;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    renewal?.close();
    own?.close();
    return (closed ??= stop(app, serving));
  };
  const { server } = context.spec;
  try {
    await registerDocs(app, gate);
    await listen(app, server);
    if (tls !== undefined) own = await listenForWorkers(app);
  } catch (error) {
    await close();
    throw error;
  }
  const url = urlOf(app, server.host, tls === undefined ? 'http' : 'https');
  return { url, ownUrl: own?.url ?? url, renewTls: () => renewal?.look(), close };
}

async function stop<Context extends ServingContext>(
  app: FastifyInstance,
  { context, graceMs = GRACE_MS, close }: Serving<Context>,
): Promise<void> {
  close();
  const cancel = context.clock.after(graceMs, () => app.server.closeAllConnections());
  await app.close();
  cancel();
  context.metrics.close();
}

async function listen(
  app: FastifyInstance,
  { host, port, connections }: PipelineSpec['server'],
): Promise<void> {
  app.server.maxConnections = connections;
  // A client that asks first ("Expect: 100-continue") is told to go on when its body is wanted.
  app.server.on('checkContinue', (request, response) => app.routing(request, response));
  try {
    // "localhost" alone would listen on two addresses, with limits on one.
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, host, port);
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `server.port ${port} on ${host} is taken by another process; choose another, or 0 for a free one.`,
    EACCES: `server.port ${port} needs rights that this user does not have; choose one from 1024 up.`,
    EADDRNOTAVAIL: `server.host ${host} is not an address of this machine.`,
    ENOTFOUND: `server.host ${host} is not a name that this machine can resolve.`,
  };
  const reason = reasons[error.code ?? ''];
  return reason === undefined ? error : new AdtallyError('config_invalid', reason, { cause: error });
}

function urlOf(app: FastifyInstance, host: string, protocol: 'http' | 'https'): string {
  const { port } = app.server.address() as AddressInfo;
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? 'localhost' : host;
  return `${protocol}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
