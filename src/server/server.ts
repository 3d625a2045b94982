import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { AdtallyError } from '../base/errors.ts';
import type { BudgetService } from '../budget/budget-service.ts';
import { SECOND_MS } from '../base/units.ts';
import type { PeerLink, Region } from '../embedded/ports.ts';
import type { Reports, WarehouseView } from '../reporting/reports.ts';
import type { Upkeep } from '../union-load/ports.ts';
import type { PipelineSpec } from '../pipeline/settings.ts';
import { Gate } from './access.ts';
import { PeerSecret } from './access/peer-secret.ts';
import { RateLimits } from './access/rate-limits.ts';
import { type ServerLog, makeApp } from './app.ts';
import { readAssets } from './assets.ts';
import { clientScript } from './browser/client-script.ts';
import { Intake } from './body/intake.ts';
import type { DemoControl } from './demo/demo-control.ts';
import { registerDocs } from './docs.ts';
import type { KeyStore } from './keys.ts';
import { ServerMetrics } from './metrics.ts';
import { openApiDocument } from './openapi/document.ts';
import type { ServerContext } from './route.ts';
import { ROUTES } from './routes.ts';
import { LiveFeed } from './stream/live-feed.ts';
import { listenForWorkers, type OwnListener } from './tls/own-listener.ts';
import { TlsFiles } from './tls/tls-files.ts';
import { TlsRenewal } from './tls/tls-renewal.ts';
import type { AuditTrail } from './trail/audit-trail.ts';

export interface ServerOptions {
  readonly region: Region;
  /** Without it the routes of budgets answer not_found. */
  readonly budget?: BudgetService;
  /** The reporting store, which may come after the server; without one the routes of reports answer not_found. */
  readonly reports?: () => Reports | undefined;
  /** The warehouse, which may come after the server, too. */
  readonly warehouse?: () => WarehouseView | undefined;
  /** What looks after the stores. */
  readonly upkeep?: () => Upkeep | undefined;
  /** Has the order service asked again at once for what rests; without it none is asked. */
  readonly retryEnrichment?: () => void;
  readonly spec: PipelineSpec;
  readonly keys: KeyStore;
  /** The secret shared with the other region: whoever sends it may read what regions read from each other. */
  readonly peerSecret?: string;
  /** The way to the other region, where there is one. */
  readonly peer?: PeerLink | undefined;
  /** The supervisor of the demo that the region is a part of. */
  readonly demo?: DemoControl | undefined;
  readonly clock: Clock;
  readonly log?: ServerLog;
  /** Keeps what operators do; without it they are refused what changes anything. */
  readonly trail?: AuditTrail;
  /** Directory of the dashboard, when not the one that comes with adtally. */
  readonly dashboard?: string;
}

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

/** How long requests in flight may take once the server stops. */
const GRACE_MS = 5 * SECOND_MS;

/** Serves the region over HTTP, or https where `server.tls` is set. Throws AdtallyError config_invalid when it may not or cannot listen where the spec says. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { spec } = options;
  const gate = makeGate(options);
  gate.checkStart();
  const tls = TlsFiles.open(spec.server.tls);
  const stopping = new AbortController();
  const context = makeContext(options, stopping.signal);
  const app = makeApp(context, gate, ROUTES, { log: options.log, tls: tls?.current });
  const renewal =
    tls &&
    new TlsRenewal(
      tls,
      (pair) => (app.server as unknown as TlsServer).setSecureContext(pair),
      options.clock,
      options.log,
    );
  let own: OwnListener | undefined;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    renewal?.close();
    own?.close();
    return (closed ??= stop(app, context, stopping));
  };
  try {
    await registerDocs(app, gate);
    await listen(app, spec.server);
    if (tls !== undefined) own = await listenForWorkers(app);
  } catch (error) {
    await close();
    throw error;
  }
  const url = urlOf(app, spec.server.host, tls === undefined ? 'http' : 'https');
  return { url, ownUrl: own?.url ?? url, renewTls: () => renewal?.look(), close };
}

function makeGate({ spec, keys, clock, peerSecret }: ServerOptions): Gate {
  return new Gate({
    host: spec.server.host,
    keys,
    peerSecret: peerSecret === undefined ? undefined : new PeerSecret(peerSecret),
    hasPeer: spec.peer.length > 0,
    limits: new RateLimits(spec.limits.requestsPerSecond, clock),
  });
}

async function stop(app: FastifyInstance, context: ServerContext, stopping: AbortController): Promise<void> {
  stopping.abort();
  context.live.close();
  const cancel = context.clock.after(GRACE_MS, () => app.server.closeAllConnections());
  await app.close();
  cancel();
  context.metrics.close();
}

function makeContext(
  {
    region,
    budget,
    reports = () => undefined,
    warehouse = () => undefined,
    upkeep = () => undefined,
    retryEnrichment = () => {},
    spec,
    clock,
    dashboard,
    trail,
    peer,
    demo,
  }: ServerOptions,
  stopping: AbortSignal,
): ServerContext {
  const intake = new Intake(region, spec.limits);
  let failure: Error | undefined;
  void region.failed.then((error) => (failure = error));
  return {
    region,
    budget,
    reports,
    warehouse,
    upkeep,
    retryEnrichment,
    spec,
    clock,
    intake,
    live: new LiveFeed(region, clock, peer),
    metrics: new ServerMetrics(
      region,
      () => intake.heldBytes,
      () => budget?.status(),
      { link: peer, clock },
    ),
    demo,
    assets: readAssets(dashboard),
    trail,
    clientScript: clientScript(),
    openApiJson: JSON.stringify(openApiDocument(spec)),
    stopping,
    get failure() {
      return (
        failure ?? (stopping.aborted ? new AdtallyError('stopping', 'The server is stopping.') : undefined)
      );
    },
  };
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
